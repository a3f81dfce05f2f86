//! From names to types. The names of the network and of its activation function are known only when a run starts; the
//! code for every combination is already compiled.

use crate::{
    AnyNetwork, DigitNetwork, LeNet1, LeNet4, LeNet5, LeNet5Average, LeNet5Dense, LeNet5Lush, LeNet5Modern, LeNet5Rbf,
    LeNet5Unpadded,
};
use lenet_layers::{Params, Relu, ScaledTanh, Sigmoid, Tanh};
use serde::{Deserialize, Serialize};
use std::any::TypeId;

/// A name that is not one of the known names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} is called {name:?}: choose {}", known.join(", "))]
#[non_exhaustive]
pub struct NameError {
    /// The kind of name that was expected, such as `network`.
    pub what: &'static str,
    /// The unknown name.
    pub name: String,
    /// The known names.
    pub known: Vec<&'static str>,
}

/// Declares an enum whose variants have names that people write and read.
macro_rules! names {
    ($(#[$meta:meta])* pub enum $Name:ident, $what:literal { $($(#[$doc:meta])* $Variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $Name { $($(#[$doc])* #[serde(rename = $text)] $Variant,)+ }
        impl $Name {
            /// All variants.
            pub const ALL: &'static [$Name] = &[$($Name::$Variant),+];
            /// The name, as it is written and parsed.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($Name::$Variant => $text,)+ }
            }
        }
        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
        impl std::str::FromStr for $Name {
            type Err = $crate::NameError;
            fn from_str(text: &str) -> Result<Self, $crate::NameError> {
                let known = || Self::ALL.iter().map(|n| n.name()).collect();
                let found = Self::ALL.iter().copied().find(|n| n.name() == text);
                found.ok_or_else(|| $crate::NameError { what: $what, name: text.into(), known: known() })
            }
        }
    };
}
#[cfg(feature = "train")]
pub(crate) use names;

names! {
    /// A network, by name.
    ///
    /// ```
    /// use lenet_model::{ActivationName, NetworkName};
    /// let name: NetworkName = "lenet5-1998".parse()?;
    /// assert_eq!(name, NetworkName::LeNet5Rbf);
    /// assert_eq!(name.activations(), [ActivationName::ScaledTanh]);
    /// assert_eq!(name.zeroed(ActivationName::ScaledTanh).info().parameters, 60_000);
    ///
    /// let error = "lenet6".parse::<NetworkName>().unwrap_err();
    /// assert!(error.to_string().starts_with("no network is called \"lenet6\": choose lenet5, "));
    /// # Ok::<(), lenet_model::NameError>(())
    /// ```
    pub enum NetworkName, "network" {
        /// [`LeNet5`]: sparse C3, trainable subsampling; 60,850 parameters.
        LeNet5 = "lenet5",
        /// [`LeNet5Dense`]: dense C3, trainable subsampling; 61,750 parameters.
        LeNet5Dense = "lenet5-dense",
        /// [`LeNet5Average`]: dense C3, average pooling; 61,706 parameters.
        LeNet5Average = "lenet5-average",
        /// [`LeNet5Modern`]: more maps, max pooling; 60,082 parameters.
        LeNet5Modern = "lenet5-modern",
        /// [`LeNet5Unpadded`]: images without a margin, average pooling; 44,426 parameters.
        LeNet5Unpadded = "lenet5-unpadded",
        /// [`LeNet5Rbf`]: the network of 1998; 60,000 parameters.
        LeNet5Rbf = "lenet5-1998",
        /// [`LeNet5Lush`]: the authors' Lush network; 51,046 parameters.
        LeNet5Lush = "lenet5-lush",
        /// [`LeNet4`]; 50,748 parameters.
        LeNet4 = "lenet4",
        /// [`LeNet1`]; 2,578 parameters.
        LeNet1 = "lenet1",
    }
}

impl NetworkName {
    /// The activation functions that the network supports: any, or only the one that it was made for.
    #[must_use]
    pub fn activations(self) -> &'static [ActivationName] {
        match self {
            NetworkName::LeNet5 | NetworkName::LeNet5Dense | NetworkName::LeNet5Average => ActivationName::ALL,
            NetworkName::LeNet5Modern | NetworkName::LeNet5Unpadded => &[ActivationName::Relu],
            NetworkName::LeNet5Rbf | NetworkName::LeNet5Lush | NetworkName::LeNet4 | NetworkName::LeNet1 => {
                &[ActivationName::ScaledTanh]
            }
        }
    }

    /// Whether its outputs are penalties, of which the smallest wins. The losses for penalties are
    /// [`LossName::Penalty`](crate::LossName::Penalty) and [`LossName::Map`](crate::LossName::Map).
    #[must_use]
    pub fn has_penalties(self) -> bool {
        self == NetworkName::LeNet5Rbf
    }
}

names! {
    /// An activation function, by name.
    pub enum ActivationName, "activation" {
        /// 1.7159 tanh(2a/3).
        ScaledTanh = "scaled-tanh",
        /// tanh(a).
        Tanh = "tanh",
        /// 1 / (1 + e^-a).
        Sigmoid = "sigmoid",
        /// max(a, 0).
        Relu = "relu",
    }
}

impl NetworkName {
    /// A network of this name as an object, all zeros. A network that supports only one activation function has that
    /// one, whatever `activation` says.
    #[must_use]
    pub fn zeroed(self, activation: ActivationName) -> Box<dyn AnyNetwork> {
        struct Zeroed;
        impl NetworkVisitor for Zeroed {
            type Output = Box<dyn AnyNetwork>;
            fn visit<N: DigitNetwork>(self) -> Box<dyn AnyNetwork> {
                <N as Params>::boxed_zeroed()
            }
        }
        with_network(self, activation, Zeroed)
    }

    /// The type that [`with_network`] chooses for these names.
    pub(crate) fn type_id(self, activation: ActivationName) -> TypeId {
        struct Id;
        impl NetworkVisitor for Id {
            type Output = TypeId;
            fn visit<N: DigitNetwork>(self) -> TypeId {
                TypeId::of::<N>()
            }
        }
        with_network(self, activation, Id)
    }
}

/// An operation on a network whose type is chosen at run time.
pub trait NetworkVisitor {
    /// The result of the operation.
    type Output;
    /// Performs the operation on the network `N`.
    fn visit<N: DigitNetwork>(self) -> Self::Output;
}

/// Passes the type of the named network to `visitor`. A network that supports only one activation function has that
/// one, whatever `activation` says.
///
/// ```
/// use lenet_model::{ActivationName, DigitNetwork, NetworkName, NetworkVisitor, with_network};
/// struct Count;
/// impl NetworkVisitor for Count {
///     type Output = usize;
///     fn visit<N: DigitNetwork>(self) -> usize { N::LEN }
/// }
/// assert_eq!(with_network(NetworkName::LeNet5Average, ActivationName::Tanh, Count), 61_706);
/// ```
pub fn with_network<V: NetworkVisitor>(network: NetworkName, activation: ActivationName, visitor: V) -> V::Output {
    macro_rules! with {
        ($Network:ident) => {
            match activation {
                ActivationName::ScaledTanh => visitor.visit::<$Network<ScaledTanh>>(),
                ActivationName::Tanh => visitor.visit::<$Network<Tanh>>(),
                ActivationName::Sigmoid => visitor.visit::<$Network<Sigmoid>>(),
                ActivationName::Relu => visitor.visit::<$Network<Relu>>(),
            }
        };
    }
    match network {
        NetworkName::LeNet5 => with!(LeNet5),
        NetworkName::LeNet5Dense => with!(LeNet5Dense),
        NetworkName::LeNet5Average => with!(LeNet5Average),
        NetworkName::LeNet5Modern => visitor.visit::<LeNet5Modern>(),
        NetworkName::LeNet5Unpadded => visitor.visit::<LeNet5Unpadded>(),
        // The paper's own networks support only the paper's activation function (`NetworkName::activations`).
        NetworkName::LeNet5Rbf => visitor.visit::<LeNet5Rbf>(),
        NetworkName::LeNet5Lush => visitor.visit::<LeNet5Lush>(),
        NetworkName::LeNet4 => visitor.visit::<LeNet4>(),
        NetworkName::LeNet1 => visitor.visit::<LeNet1>(),
    }
}
