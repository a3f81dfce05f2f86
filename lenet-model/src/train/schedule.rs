//! The schedules of lenet-layers, which are saved by their names.

use crate::NameError;
use lenet_layers::{Schedule, ScheduleError};
use serde::{Deserialize, Deserializer, Serializer};

impl From<ScheduleError> for NameError {
    fn from(error: ScheduleError) -> Self {
        NameError { what: "schedule", name: error.name, known: Schedule::ALL.iter().map(|s| s.name()).collect() }
    }
}

// The names that `#[serde(with = ..)]` asks for.
pub(crate) fn serialize<S: Serializer>(schedule: &Schedule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(schedule.name())
}
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Schedule, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(serde::de::Error::custom)
}
