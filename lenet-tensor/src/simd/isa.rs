//! Selects the instruction set of this process.

#[cfg(target_arch = "aarch64")]
use super::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::Simd128;
#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512};
use super::{Scalar, Simd};
use core::fmt;

/// A computation that is compiled once for each instruction set.
pub trait Kernel {
    /// The result of the computation.
    type Output;
    /// Runs the computation.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that this CPU supports: a [`Simd`] token chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Token);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128(Simd128),
}

/// The reason why an instruction set can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsaError {
    /// No instruction set has this name.
    Unknown,
    /// The instruction set exists, but not on this CPU or in this build.
    Absent,
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IsaError::Unknown => "no such instruction set: choose scalar, avx2, avx512, neon or simd128",
            IsaError::Absent => {
                "this CPU does not support the instruction set: unset LENET_KERNEL to choose automatically"
            }
        })
    }
}

impl core::error::Error for IsaError {}

impl Isa {
    /// The scalar code, which runs on every CPU.
    pub const SCALAR: Isa = Isa(Token::Scalar(Scalar));

    /// Every instruction set by name, the simplest first; `None` if this CPU does not support it.
    fn table() -> [(&'static str, Option<Token>); 5] {
        #[cfg(target_arch = "x86_64")]
        let (avx2, avx512) = (Avx2::detect().map(Token::Avx2), Avx512::detect().map(Token::Avx512));
        #[cfg(not(target_arch = "x86_64"))]
        let (avx2, avx512) = (None, None);
        #[cfg(target_arch = "aarch64")]
        let neon = Neon::detect().map(Token::Neon);
        #[cfg(not(target_arch = "aarch64"))]
        let neon = None;
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let simd128 = Simd128::detect().map(Token::Simd128);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        let simd128 = None;
        let scalar = Some(Token::Scalar(Scalar));
        [("scalar", scalar), ("neon", neon), ("simd128", simd128), ("avx2", avx2), ("avx512", avx512)]
    }

    /// Returns the instruction sets that this CPU supports, the simplest first.
    pub fn all_available() -> impl Iterator<Item = Isa> {
        Self::table().into_iter().filter_map(|(_, token)| token.map(Isa))
    }

    /// Returns the widest instruction set that this CPU supports.
    #[must_use]
    pub fn best() -> Isa {
        Self::all_available().last().unwrap_or(Self::SCALAR)
    }

    /// Returns the instruction set with this name: `scalar`, `avx2`, `avx512`, `neon` or
    /// `simd128` (WebAssembly).
    ///
    /// # Errors
    /// If there is no such instruction set, or this CPU does not support it.
    pub fn named(name: &str) -> Result<Isa, IsaError> {
        let (_, token) = Self::table().into_iter().find(|(n, _)| *n == name).ok_or(IsaError::Unknown)?;
        token.map(Isa).ok_or(IsaError::Absent)
    }

    /// Returns the instruction set that the environment variable `LENET_KERNEL` names; if it is not set, the widest
    /// one.
    ///
    /// # Errors
    /// If the variable names an instruction set that does not exist or that this CPU does not support.
    #[cfg(feature = "std")]
    pub fn from_env() -> Result<Isa, IsaError> {
        match std::env::var("LENET_KERNEL") {
            Ok(name) => Self::named(&name),
            Err(std::env::VarError::NotPresent) => Ok(Self::best()),
            Err(std::env::VarError::NotUnicode(_)) => Err(IsaError::Unknown),
        }
    }

    /// Returns the instruction set that this process computes with: the result of [`Isa::from_env`], computed once. An
    /// invalid name is ignored here, because a library must not stop its caller. A program should call
    /// [`Isa::from_env`] first and report the error.
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn current() -> Isa {
        static CURRENT: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *CURRENT.get_or_init(|| Self::from_env().unwrap_or_else(|_| Self::best()))
    }

    /// Returns the instruction set that this program was compiled for.
    #[cfg(not(feature = "std"))]
    pub fn current() -> Isa {
        Self::best()
    }

    /// Returns the instruction set that this program was compiled for: WebAssembly in a page has no environment. The
    /// compiler sees which one it is, so the code of the others is left out.
    #[cfg(all(feature = "std", target_family = "wasm", target_os = "unknown"))]
    #[inline]
    pub fn current() -> Isa {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        if let Some(simd128) = Simd128::detect() {
            return Isa(Token::Simd128(simd128));
        }
        Self::SCALAR
    }

    /// Runs `kernel` with this set's token.
    #[inline]
    pub fn dispatch<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Token::Scalar(s) => kernel.run(s),
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(s) => kernel.run(s),
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(s) => kernel.run(s),
            #[cfg(target_arch = "aarch64")]
            Token::Neon(s) => kernel.run(s),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Token::Simd128(s) => kernel.run(s),
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Token::Scalar(_) => "scalar",
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Token::Neon(_) => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Token::Simd128(_) => "simd128",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_ones_are_refused() {
        for isa in Isa::all_available() {
            let name = isa.to_string();
            assert_eq!(Isa::named(&name), Ok(isa));
        }
        assert_eq!(Isa::named("sse9"), Err(IsaError::Unknown));
        #[cfg(target_arch = "x86_64")]
        assert_eq!(Isa::named("neon"), Err(IsaError::Absent));
        assert_eq!(Isa::all_available().next(), Some(Isa::SCALAR));
    }

    /// `ci/web/test` runs this test by name.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    #[test]
    fn webassembly_computes_with_simd128() {
        assert_eq!(Isa::named("simd128"), Ok(Isa::best()));
        assert_ne!(Isa::best(), Isa::SCALAR);
    }

    /// `ci/neon/run` runs this test by name.
    #[cfg(target_arch = "aarch64")]
    #[test]
    fn aarch64_computes_with_neon() {
        assert_eq!(Isa::named("neon"), Ok(Isa::best()));
        assert_ne!(Isa::best(), Isa::SCALAR);
    }
}
