//! How work is divided: examples side by side in registers, blocks of them over threads.

/// The number of examples side by side in one block.
pub const LANES: usize = 16;
/// Up to this number of examples are faster one by one than as a block with most of its lanes idle.
pub const FEW: usize = 5;

/// Calls `f` with every item, halving the work between the threads of the rayon pool in which it is called. The order
/// of the items has no influence on a result that each item gets alone.
///
/// ```
/// let mut numbers: Vec<u64> = (0..100).collect();
/// lenet_train::fork(&mut numbers, &|n| *n *= 2);
/// assert_eq!(numbers[99], 198);
/// ```
pub fn fork<T: Send>(items: &mut [T], f: &(impl Fn(&mut T) + Sync)) {
    match items {
        [] => {}
        [item] => f(item),
        _ => {
            let (left, right) = items.split_at_mut(items.len() / 2);
            rayon::join(|| fork(left, f), || fork(right, f));
        }
    }
}

/// Reads examples in parts, which the threads of the rayon pool share in which it is called; `worker` makes the buffers
/// of a thread. `read` gets each block of up to sixteen examples in order, and the result of its part. Returns the
/// results of all parts in order, so a sum over them does not depend on the number of threads.
///
/// ```
/// let sums = lenet_train::sweep(&[3; 300], &|| (), &|(), block, sum: &mut u32| *sum += block.iter().sum::<u32>());
/// assert_eq!(sums, [768, 132]);
/// ```
pub fn sweep<W, P: Default + Send>(
    indexes: &[u32],
    worker: &(impl Fn() -> W + Sync),
    read: &(impl Fn(&mut W, &[u32], &mut P) + Sync),
) -> Vec<P> {
    /// The number of examples of a part.
    const PART: usize = 16 * LANES;
    let mut parts: Vec<_> = indexes.chunks(PART).map(|part| (part, P::default())).collect();
    let share = parts.len().div_ceil(rayon::current_num_threads()).max(1);
    let mut shares: Vec<_> = parts.chunks_mut(share).collect();
    fork(&mut shares, &|share| {
        let mut worker = worker();
        for (part, result) in share.iter_mut() {
            part.chunks(LANES).for_each(|block| read(&mut worker, block, result));
        }
    });
    parts.into_iter().map(|(_, result)| result).collect()
}
