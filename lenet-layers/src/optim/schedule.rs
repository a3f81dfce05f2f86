//! The learning rate over the course of training.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The learning rate over the course of training, as a fraction of the highest rate.
///
/// ```
/// use lenet_layers::Schedule;
/// let schedule: Schedule = "one-cycle".parse()?;
/// assert_eq!(schedule, Schedule::OneCycle);
/// // It starts at 1/25 of the rate, reaches the rate after 15% of the steps, and ends at zero.
/// assert!((schedule.factor(0, 100) - 0.04).abs() < 1e-12);
/// assert!((schedule.factor(15, 100) - 1.0).abs() < 1e-12);
/// assert!(schedule.factor(100, 100).abs() < 1e-12);
/// # Ok::<(), lenet_layers::ScheduleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Constant.
    Constant,
    /// From the rate linearly down to zero.
    Linear,
    /// From the rate down to zero along half a cosine.
    Cosine,
    /// Up from 1/25 of the rate in the first 15% of the steps, then down to zero, both along half a cosine.
    OneCycle,
    /// Up linearly in the first 10% of the steps, then down to zero along half a cosine. The first step already counts,
    /// so it does not start at zero.
    WarmUpCosine,
    /// 1 for half of the training, then 0.1, and 0.01 in its last quarter: the steps of He et al. 2016 for CIFAR-10.
    Steps,
    /// The paper's (LeCun et al. 1998, section III.B): 1 for a tenth of the training, then 0.4, 0.2, 0.1 and 0.02. Over
    /// 20 passes with a rate of 0.0005 that is 0.0005 for two passes, 0.0002 and 0.0001 for three passes each, 0.00005
    /// for four and 0.00001 for eight.
    Paper,
    /// The schedule of the authors' Lush code: 1, 0.1 and 0.01, each for a third of the training.
    Lush,
}

/// The error for a name that is not that of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleError {
    /// The unknown name.
    pub name: String,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no schedule is called {:?}: choose ", self.name)?;
        for (i, schedule) in Schedule::ALL.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            f.write_str(schedule.name())?;
        }
        Ok(())
    }
}

impl core::error::Error for ScheduleError {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;
    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let found = Schedule::ALL.iter().copied().find(|schedule| schedule.name() == text);
        found.ok_or_else(|| ScheduleError { name: text.into() })
    }
}

impl Schedule {
    /// All schedules.
    pub const ALL: &'static [Schedule] = &[
        Schedule::Constant,
        Schedule::Linear,
        Schedule::Cosine,
        Schedule::OneCycle,
        Schedule::WarmUpCosine,
        Schedule::Steps,
        Schedule::Paper,
        Schedule::Lush,
    ];

    /// The name, as it is written and parsed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Linear => "linear",
            Schedule::Cosine => "cosine",
            Schedule::OneCycle => "one-cycle",
            Schedule::WarmUpCosine => "warm-up-cosine",
            Schedule::Steps => "steps",
            Schedule::Paper => "paper",
            Schedule::Lush => "lush",
        }
    }

    /// The fraction of the rate to use at `step` of `steps`.
    ///
    /// ```
    /// use lenet_layers::Schedule;
    /// assert_eq!(Schedule::Linear.factor(25, 100), 0.75);
    /// assert_eq!(Schedule::Lush.factor(50, 100), 0.1);
    /// ```
    #[must_use]
    pub fn factor(self, step: u64, steps: u64) -> f64 {
        let cosine = |t: f64| 0.5 + 0.5 * (std::f64::consts::PI * t).cos();
        let t = (step as f64 / steps.max(1) as f64).min(1.0);
        match self {
            Schedule::Constant => 1.0,
            Schedule::Paper => match 20.0 * t {
                pass if pass < 2.0 => 1.0,
                pass if pass < 5.0 => 0.4,
                pass if pass < 8.0 => 0.2,
                pass if pass < 12.0 => 0.1,
                _ => 0.02,
            },
            Schedule::Lush => match 3.0 * t {
                third if third < 1.0 => 1.0,
                third if third < 2.0 => 0.1,
                _ => 0.01,
            },
            Schedule::Steps => match t {
                t if t < 0.5 => 1.0,
                t if t < 0.75 => 0.1,
                _ => 0.01,
            },
            Schedule::Linear => 1.0 - t,
            Schedule::Cosine => cosine(t),
            Schedule::OneCycle => {
                const WARM_UP: f64 = 0.15;
                const START: f64 = 1.0 / 25.0;
                if t < WARM_UP {
                    START + (1.0 - START) * cosine(1.0 - t / WARM_UP)
                } else {
                    cosine((t - WARM_UP) / (1.0 - WARM_UP))
                }
            }
            Schedule::WarmUpCosine => {
                const WARM_UP: f64 = 0.1;
                let after = (step + 1) as f64 / steps.max(1) as f64;
                if after < WARM_UP { after / WARM_UP } else { cosine(((t - WARM_UP) / (1.0 - WARM_UP)).max(0.0)) }
            }
        }
    }
}
