//! Calibration: do people stay less the worse their views were? A non-increasing curve through the share that stayed,
//! by level, so that a site can argue about its anchors from data.

/// What staying says about the levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Share that stayed, by level, made non-increasing; `None` for a level that nobody met.
    pub stay: [Option<f64>; 4],
    /// The levels' weights, 1 to 0, as the data would have them; `None` where the levels do not separate anything or
    /// one of them was never met.
    pub weights: Option<[f64; 4]>,
}

/// Calibrates from how many views each level had, and after how many of them the person left.
///
/// Weighted isotonic regression by pooling adjacent violators (Ayer et al. 1955).
pub fn calibrate(views: [i64; 4], left: [i64; 4]) -> Calibration {
    // Each pool: how many levels it spans, views, stays. Unmet levels have neither and join no pool.
    let mut pools: Vec<(usize, i64, i64)> = Vec::with_capacity(4);
    let met: Vec<usize> = (0..4).filter(|&level| views[level] > 0).collect();
    for &level in &met {
        let mut pool = (1, views[level], views[level] - left[level].clamp(0, views[level]));
        // A worse level in which no fewer people stayed is pooled with the better one; compared in integers.
        while let Some(&(levels, count, stayed)) = pools.last() {
            if i128::from(pool.2) * i128::from(count) < i128::from(stayed) * i128::from(pool.1) {
                break;
            }
            pools.pop();
            pool = (pool.0 + levels, pool.1 + count, pool.2 + stayed);
        }
        pools.push(pool);
    }
    let mut stay = [None; 4];
    let shares =
        pools.iter().flat_map(|&(levels, count, stayed)| std::iter::repeat_n(stayed as f64 / count as f64, levels));
    for (&level, share) in met.iter().zip(shares) {
        stay[level] = Some(share);
    }
    let weights = match stay {
        [Some(best), Some(second), Some(third), Some(worst)] if pools.len() > 1 => {
            Some([best, second, third, worst].map(|share| (share - worst) / (best - worst)))
        }
        _ => None,
    };
    Calibration { stay, weights }
}
