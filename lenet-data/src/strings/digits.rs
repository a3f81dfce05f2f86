//! What a line says: a few digits, in a value without a heap.

use std::{fmt, ops::Deref};

/// A string of up to [`CAPACITY`](Self::CAPACITY) digits, 0 to 9 each; a slice of them by `Deref`.
///
/// ```
/// use lenet_data::strings::Digits;
///
/// let digits: Digits = [1, 4, 0].into_iter().collect();
/// assert_eq!((&digits[..], digits.to_string()), (&[1, 4, 0][..], "140".to_owned()));
/// // Digits beyond the capacity are left out.
/// assert_eq!([7; 20].into_iter().collect::<Digits>().len(), Digits::CAPACITY);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digits {
    len: u8,
    /// Zero from `len` on, so that the derived comparison is right.
    classes: [u8; Self::CAPACITY],
}

impl Digits {
    /// The most digits that one value holds.
    pub const CAPACITY: usize = 16;

    /// Appends a digit, if there is room.
    pub(super) fn push(&mut self, class: u8) {
        if let Some(place) = self.classes.get_mut(usize::from(self.len)) {
            *place = class;
            self.len += 1;
        }
    }
}

impl Deref for Digits {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.classes[..usize::from(self.len)]
    }
}

impl FromIterator<u8> for Digits {
    fn from_iter<I: IntoIterator<Item = u8>>(classes: I) -> Self {
        let mut digits = Self::default();
        classes.into_iter().take(Self::CAPACITY).for_each(|class| digits.push(class));
        digits
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|class| write!(f, "{class}"))
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits(\"{self}\")")
    }
}
