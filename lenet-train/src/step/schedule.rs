//! Schedules in files, by their names: for `#[serde(with = "lenet_train::schedule")]`.

use lenet_layers::Schedule;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes a schedule as its name.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(schedule: &Schedule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(schedule.name())
}

/// Reads a schedule by its name.
///
/// # Errors
/// Those of the deserializer; or if no schedule is called so.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Schedule, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
