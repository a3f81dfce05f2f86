//! The error of a schedule's name as one of this crate's names.

use crate::NameError;
use lenet_layers::{Schedule, ScheduleError};

impl From<ScheduleError> for NameError {
    fn from(error: ScheduleError) -> Self {
        NameError { what: "schedule", name: error.name, known: Schedule::ALL.iter().map(|s| s.name()).collect() }
    }
}
