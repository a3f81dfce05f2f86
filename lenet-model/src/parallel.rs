//! How work is divided: examples side by side in registers, blocks of them over threads.

/// The number of examples side by side in one block.
pub(crate) const LANES: usize = 16;
/// Up to this number of examples are faster one by one than as a block with most of its lanes idle.
pub(crate) const FEW: usize = 5;

/// Calls `f` with every item, halving the work between threads.
pub(crate) fn fork<T: Send>(items: &mut [T], f: &(impl Fn(&mut T) + Sync)) {
    match items {
        [] => {}
        [item] => f(item),
        _ => {
            let (left, right) = items.split_at_mut(items.len() / 2);
            rayon::join(|| fork(left, f), || fork(right, f));
        }
    }
}
