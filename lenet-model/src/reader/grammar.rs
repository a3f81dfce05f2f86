//! What is known of a number before it is read: how many digits it has, and which ones can stand where.

use std::ops::RangeInclusive;

/// The numbers that are possible.
///
/// ```
/// use lenet_model::reader::Grammar;
/// assert!(Grammar::default().accepts(0) && Grammar::length(4..=6).accepts(5) && !Grammar::length(4..=6).accepts(7));
/// // Year numbers of two centuries.
/// let year = Grammar::pattern("[12]###")?;
/// assert!(year.accepts(4) && !year.accepts(3));
/// assert_eq!(year.digits_at(0).collect::<Vec<_>>(), [1, 2]);
/// # Ok::<(), lenet_model::reader::GrammarError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    length: RangeInclusive<usize>,
    /// A bit for each digit that can stand at a position; any digit after the last one.
    allowed: Vec<u16>,
}

/// The error for a pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?}: {reason}: write # for any digit, a digit for itself, [12] for one of several")]
pub struct GrammarError {
    pattern: String,
    reason: String,
}

impl Default for Grammar {
    /// Any number of any digits.
    fn default() -> Self {
        Grammar::length(0..=usize::MAX)
    }
}

impl Grammar {
    const ANY: u16 = (1 << 10) - 1;

    /// Numbers of so many digits.
    #[must_use]
    pub fn length(length: RangeInclusive<usize>) -> Self {
        Grammar { length, allowed: Vec::new() }
    }

    /// Amounts of money: at least one digit more than the `decimals`, and no 0 before the others.
    ///
    /// ```
    /// use lenet_model::reader::Grammar;
    /// let amount = Grammar::amount(2);
    /// assert!(amount.accepts(3) && !amount.accepts(2));
    /// assert!(!amount.digits_at(0).any(|digit| digit == 0));
    /// ```
    #[must_use]
    pub fn amount(decimals: usize) -> Self {
        Grammar { length: decimals.saturating_add(1)..=usize::MAX, allowed: vec![Self::ANY & !1] }
    }

    /// Numbers of one form: `#` is any digit, a digit is itself, and `[12]` is one of several digits. Spaces and the
    /// signs `-`, `.`, `,`, `/` and `'` stand between digits and are not read.
    ///
    /// # Errors
    /// If the pattern has other signs, an unclosed bracket, or no digit.
    pub fn pattern(pattern: &str) -> Result<Self, GrammarError> {
        let error = |reason: &str| GrammarError { pattern: pattern.into(), reason: reason.into() };
        let mut allowed = Vec::new();
        let mut signs = pattern.chars();
        while let Some(sign) = signs.next() {
            match sign {
                '#' => allowed.push(Self::ANY),
                '0'..='9' => allowed.push(1 << (sign as u32 - '0' as u32)),
                '[' => {
                    let (mut some, mut closed) = (0u16, false);
                    for sign in signs.by_ref() {
                        match sign {
                            '0'..='9' => some |= 1 << (sign as u32 - '0' as u32),
                            ']' => {
                                closed = true;
                                break;
                            }
                            _ => return Err(error("only digits can stand in brackets")),
                        }
                    }
                    if !closed || some == 0 {
                        return Err(error("a bracket is empty or not closed"));
                    }
                    allowed.push(some);
                }
                ' ' | '-' | '.' | ',' | '/' | '\'' => {}
                other => return Err(error(&format!("{other:?} has no meaning"))),
            }
        }
        if allowed.is_empty() {
            return Err(error("there is no digit in it"));
        }
        Ok(Grammar { length: allowed.len()..=allowed.len(), allowed })
    }

    /// Whether a number of `length` digits is complete.
    #[must_use]
    pub fn accepts(&self, length: usize) -> bool {
        self.length.contains(&length)
    }

    /// The digits that can stand at position `at`, from 0; none after the longest number.
    pub fn digits_at(&self, at: usize) -> impl Iterator<Item = u8> + use<> {
        let fits = at < *self.length.end();
        let allowed = if fits { self.allowed.get(at).copied().unwrap_or(Self::ANY) } else { 0 };
        (0..10).filter(move |digit| allowed & (1 << digit) != 0)
    }
}
