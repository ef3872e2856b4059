//! Many differences at once: of a hundred pages on which nothing changed, five would seem to have.

/// Of the differences that are believed, the share that may be false.
pub const DISCOVERIES_FALSE_MAX: f64 = 0.05;

/// Which of many differences are believed, by their [`super::z_score`]s, so that of those at most
/// [`DISCOVERIES_FALSE_MAX`] are false in the long run.
///
/// Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995): in the order of their p values, all up to the
/// last whose p is at most its rank's part of the limit.
pub fn discoveries(scores: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&one, &other| scores[other].abs().total_cmp(&scores[one].abs()));
    let part = DISCOVERIES_FALSE_MAX / scores.len().max(1) as f64;
    let last = (0..order.len()).rev().find(|&rank| two_sided(scores[order[rank]]) <= part * (rank + 1) as f64);
    let mut believed = vec![false; scores.len()];
    for &index in order.iter().take(last.map_or(0, |rank| rank + 1)) {
        believed[index] = true;
    }
    believed
}

/// The chance of a normal value as far from 0 as `z`, on either side.
///
/// The complementary error function by W. H. Press et al., "Numerical Recipes in C", 2nd ed. (1992), §6.2: its relative error is below
/// 1.2e-7 everywhere.
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    if !x.is_finite() {
        return 0.0;
    }
    let t = 1.0 / (1.0 + 0.5 * x);
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let polynomial = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    t * (-x * x + polynomial).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_tables() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (-2.575_829, 0.01), (4.0, 6.334e-5)] {
            assert!((two_sided(z) / p - 1.0).abs() < 1e-4, "{z}: {}", two_sided(z));
        }
        assert_eq!(two_sided(f64::INFINITY), 0.0);
    }

    #[test]
    fn one_alone_needs_what_one_needs_and_many_need_more() {
        assert_eq!(discoveries(&[2.0]), [true]);
        assert_eq!(discoveries(&[1.9]), [false]);
        let mut many = vec![0.5; 99];
        many.push(2.5);
        assert!(!discoveries(&many).contains(&true), "one of a hundred beyond 2.5 is what chance gives");
        many[0] = -6.0;
        assert_eq!(discoveries(&many).iter().filter(|believed| **believed).count(), 1);
        assert!(discoveries(&[]).is_empty());
    }
}
