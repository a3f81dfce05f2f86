//! What the classes of a set are called: `sandal` rather than 5.

use crate::{DataError, bounded::read_at_most};
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// The file with the names of a set's classes, in the folder of the set: one name per line, that of class 0 first.
const FILE: &str = "classes.txt";

/// The names of a set's classes. The classes of a set of digits have none.
///
/// ```
/// use lenet_data::ClassNames;
///
/// let names = ClassNames::of_set("fashion-mnist");
/// assert_eq!((names.name(5), names.label(5).to_string()), (Some("sandal"), "5 sandal".to_string()));
/// let digits = ClassNames::default();
/// assert_eq!((digits.name(5), digits.label(5).to_string()), (None, "5".to_string()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassNames(Vec<String>);

impl ClassNames {
    /// The names of a published set: `fashion-mnist`, `kmnist` and `cifar-10` have some.
    #[must_use]
    pub fn of_set(name: &str) -> Self {
        let names: &[&str] = match name {
            "fashion-mnist" => &[
                "t-shirt/top",
                "trouser",
                "pullover",
                "dress",
                "coat",
                "sandal",
                "shirt",
                "sneaker",
                "bag",
                "ankle boot",
            ],
            // The columns of the kana table that the characters are of.
            "kmnist" => &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
            "cifar-10" => &crate::cifar::CLASSES,
            _ => &[],
        };
        ClassNames(names.iter().map(|name| (*name).into()).collect())
    }

    /// Names of one's own, that of class 0 first; those of the classes after them are missing.
    ///
    /// ```
    /// use lenet_data::ClassNames;
    ///
    /// let names = ClassNames::try_new(vec!["cat".into(), "dog".into()])?;
    /// assert_eq!(names.label(1).to_string(), "1 dog");
    /// assert!(ClassNames::try_new(vec![String::new()]).is_err());
    /// # Ok::<(), lenet_data::DataError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DataError::Classes`] if there are more than ten, or if one does not have 1 to 24 characters, or has control characters.
    pub fn try_new(names: Vec<String>) -> Result<Self, DataError> {
        let wrong = |reason: String| DataError::Classes { file: "class names".into(), reason };
        if names.len() > 10 {
            return Err(wrong(format!("there are {}: give 10 at most", names.len())));
        }
        match names.iter().position(|name| !is_name(name)) {
            Some(class) => Err(wrong(format!("class {class}: give a name of 1 to {WIDEST} characters"))),
            None => Ok(ClassNames(names)),
        }
    }

    /// Reads `classes.txt` in the folder of a set; nothing if there is no such file.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, DataError> {
        /// Ten names are far shorter.
        const LONGEST: u64 = 4096;
        let path = folder.join(FILE);
        let file = path.display().to_string();
        match File::open(&path).and_then(|file| read_at_most(file, LONGEST)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::Read { file, error }),
            Ok(None) => {
                let reason =
                    format!("has more than {LONGEST} bytes: give the names of 10 classes at most, one per line");
                Err(DataError::Classes { file, reason })
            }
            Ok(Some(bytes)) => Self::parse(&String::from_utf8_lossy(&bytes), &file).map(Some),
        }
    }

    fn parse(text: &str, file: &str) -> Result<Self, DataError> {
        let wrong = |reason: String| DataError::Classes { file: file.into(), reason };
        let names: Vec<&str> = text.trim_start_matches('\u{feff}').trim_end().lines().map(str::trim).collect();
        if names.len() > 10 {
            return Err(wrong(format!(
                "has {} lines: give the names of 10 classes at most, one per line",
                names.len()
            )));
        }
        for (number, name) in (1..).zip(&names) {
            if !is_name(name) {
                return Err(wrong(format!("line {number}: give a name of 1 to {WIDEST} characters")));
            }
        }
        Ok(ClassNames(names.into_iter().map(Into::into).collect()))
    }

    /// The names of folders in `place`.
    #[cfg(feature = "images")]
    pub(crate) fn new(names: &[&str], place: &str) -> Result<Self, DataError> {
        match names.iter().find(|name| !is_name(name)) {
            Some(name) => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(2 * WIDEST).collect();
                let reason =
                    format!("the folder {shown:?} is no name of a class: give one of 1 to {WIDEST} characters");
                Err(DataError::Classes { file: place.into(), reason })
            }
            None => Ok(ClassNames(names.iter().map(|name| (*name).into()).collect())),
        }
    }

    /// Whether any class has a name.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.0.is_empty()
    }

    /// The names, that of class 0 first; none if the classes have no names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The name of a class, if it has one.
    #[must_use]
    pub fn name(&self, class: u8) -> Option<&str> {
        self.0.get(usize::from(class)).map(String::as_str)
    }

    /// A class as it is shown: its number, and its name if it has one.
    #[must_use]
    pub fn label(&self, class: u8) -> impl fmt::Display + use<> {
        match self.name(class) {
            Some(name) => format!("{class} {name}"),
            None => class.to_string(),
        }
    }
}

/// The most characters of a name, which stands in the columns of tables.
const WIDEST: usize = 24;

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= WIDEST && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_wrong_ones_refused() {
        let parse = |text: &str| ClassNames::parse(text, "classes.txt");
        let names = parse("\u{feff}cat\r\nsea lion \n\n").unwrap();
        assert_eq!((names.name(0), names.name(1), names.name(2)), (Some("cat"), Some("sea lion"), None));
        assert!(!parse("").unwrap().is_named());
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(error(&"x\n".repeat(11)).starts_with("classes.txt: has 11 lines: give the names of 10"));
        assert!(error("a\n\nb").starts_with("classes.txt: line 2: give a name of 1 to 24"));
        assert!(error(&"x".repeat(25)).starts_with("classes.txt: line 1"));
        assert!(error("a\u{1b}[2J").starts_with("classes.txt: line 1"));
    }
}
