//! Numbers that are the same on every machine and for any number of threads.
//!
//! Every draw comes from a `ChaCha8` stream named by what it is for: (seed, purpose, sensor, step, index). No stream is
//! shared, so nothing depends on who draws first. Only sums, products, quotients, square roots (exact by IEEE 754)
//! and `libm`'s logarithm and exponential (the same code everywhere) enter.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for; streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Where an object starts. Index: the object.
    Start = 1,
    /// How an object moves, and whether it survives. Step: the scan; index: the object.
    Motion = 2,
    /// How many objects appear. Step: the scan.
    Births = 3,
    /// Whether, when and where an object is seen. Step: the look; index: the object.
    Detection = 4,
    /// How many false detections a look has. Step: the look.
    ClutterCount = 5,
    /// One false detection. Step: the look; index: which one.
    Clutter = 6,
    /// How often an object reports. Index: the object.
    Reports = 7,
}

/// Names a stream within a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) seed: u64,
    pub(super) purpose: Purpose,
    /// Index of the sensor; 0 where no sensor is concerned.
    pub(super) sensor: u32,
    pub(super) step: u64,
    pub(super) index: u64,
}

/// Random numbers of one [`Key`].
#[derive(Debug)]
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    pub(super) fn new(key: Key) -> Self {
        let mut words = [0_u8; 32];
        let parts = [key.seed, (key.purpose as u64) << 32 | u64::from(key.sensor), key.step, 0];
        for (word, part) in words.chunks_exact_mut(8).zip(parts) {
            word.copy_from_slice(&part.to_le_bytes());
        }
        let mut generator = ChaCha8Rng::from_seed(words);
        generator.set_stream(key.index);
        Self(generator)
    }

    /// Any 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform over [0, 1), in steps of 2⁻⁵³.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform over [`from`, `to`).
    pub(super) fn between(&mut self, [from, to]: [f64; 2]) -> f64 {
        from + (to - from) * self.uniform()
    }

    /// Normal with mean 0 and standard deviation 1, from one draw: the inverse of its distribution function.
    pub(super) fn gaussian(&mut self) -> f64 {
        // Odd multiples of 2⁻⁵³: never 0 or 1, and symmetric about one half.
        gaussian_quantile(((self.bits() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0))
    }

    /// Poisson with the given mean, in time proportional to it: Knuth's product of uniforms, in parts of at most 16.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        const PART: f64 = 16.0;
        let mut count = 0;
        let mut left = mean;
        while left > 0.0 {
            let least = libm::exp(-left.min(PART));
            let mut product = self.uniform();
            while product > least {
                count += 1;
                product *= self.uniform();
            }
            left -= PART;
        }
        count
    }
}

/// Where the standard normal distribution function reaches `p`, 0 < p < 1, to about 16 digits.
///
/// Wichura 1988, Algorithm AS 241 (PPND16), Applied Statistics 37(3).
fn gaussian_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE_OVER, &CENTRE_UNDER);
    }
    let r = (-libm::log(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let size =
        if r <= 5.0 { ratio(r - 1.6, &MIDDLE_OVER, &MIDDLE_UNDER) } else { ratio(r - 5.0, &TAIL_OVER, &TAIL_UNDER) };
    size.copysign(q)
}

/// A quotient of two polynomials, highest power first.
fn ratio(r: f64, over: &[f64; 8], under: &[f64; 8]) -> f64 {
    let polynomial = |terms: &[f64; 8]| terms.iter().fold(0.0, |sum, term| sum * r + term);
    polynomial(over) / polynomial(under)
}

const CENTRE_OVER: [f64; 8] = [
    2.509_080_928_730_122_6e3,
    3.343_057_558_358_813e4,
    6.726_577_092_700_87e4,
    4.592_195_393_154_987e4,
    1.373_169_376_550_946e4,
    1.971_590_950_306_551_3e3,
    1.331_416_678_917_843_8e2,
    3.387_132_872_796_366_5,
];
const CENTRE_UNDER: [f64; 8] = [
    5.226_495_278_852_854e3,
    2.872_908_573_572_194_3e4,
    3.930_789_580_009_271e4,
    2.121_379_430_158_659_7e4,
    5.394_196_021_424_751e3,
    6.871_870_074_920_579e2,
    4.231_333_070_160_091e1,
    1.0,
];
const MIDDLE_OVER: [f64; 8] = [
    7.745_450_142_783_414e-4,
    2.272_384_498_926_918_4e-2,
    2.417_807_251_774_506e-1,
    1.270_458_252_452_368_4,
    3.647_848_324_763_204_5,
    5.769_497_221_460_691,
    4.630_337_846_156_546,
    1.423_437_110_749_683_5,
];
const MIDDLE_UNDER: [f64; 8] = [
    1.050_750_071_644_416_9e-9,
    5.475_938_084_995_345e-4,
    1.519_866_656_361_645_7e-2,
    1.481_039_764_274_800_8e-1,
    6.897_673_349_851e-1,
    1.676_384_830_183_803_8,
    2.053_191_626_637_759,
    1.0,
];
const TAIL_OVER: [f64; 8] = [
    2.010_334_399_292_288_1e-7,
    2.711_555_568_743_487_6e-5,
    1.242_660_947_388_078_4e-3,
    2.653_218_952_657_612_4e-2,
    2.965_605_718_285_048_7e-1,
    1.784_826_539_917_291_3,
    5.463_784_911_164_114,
    6.657_904_643_501_103,
];
const TAIL_UNDER: [f64; 8] = [
    2.044_263_103_389_939_8e-15,
    1.421_511_758_316_446e-7,
    1.846_318_317_510_054_8e-5,
    7.868_691_311_456_133e-4,
    1.487_536_129_085_061_5e-2,
    1.369_298_809_227_358e-1,
    5.998_322_065_558_88e-1,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(step: u64, index: u64) -> Stream {
        Stream::new(Key { seed: 5, purpose: Purpose::Motion, sensor: 0, step, index })
    }

    #[test]
    fn quantiles_agree_with_tables_to_fifteen_digits() {
        // From mpmath's erfinv at 50 digits.
        let table = [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.975, 1.959_963_984_540_054_2),
            (0.001, -3.090_232_306_167_813_6),
            (1e-12, -7.034_483_825_301_132),
            (2e-16, -8.138_562_060_199_72),
        ];
        for (p, wanted) in table {
            let found = gaussian_quantile(p);
            assert!((found - wanted).abs() <= 1e-14 * (1.0 + wanted.abs()), "{p}: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn every_part_of_a_key_names_another_stream() {
        let key = Key { seed: 5, purpose: Purpose::Motion, sensor: 1, step: 2, index: 3 };
        let others = [
            key,
            Key { seed: 6, ..key },
            Key { purpose: Purpose::Start, ..key },
            Key { sensor: 2, ..key },
            Key { step: 3, ..key },
            Key { index: 2, ..key },
        ];
        let mut firsts = others.map(|key| Stream::new(key).bits()).to_vec();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), others.len(), "two keys share a stream");
        assert_eq!(Stream::new(key).bits(), Stream::new(key).bits(), "a key is not one stream");
    }

    #[test]
    fn gaussians_have_their_first_four_moments() {
        let n = 100_000_u32;
        let mut stream = stream(0, 0);
        let mut sums = [0.0; 4];
        for _ in 0..n {
            let x = stream.gaussian();
            for (power, sum) in (1_i32..).zip(&mut sums) {
                *sum += x.powi(power) / f64::from(n);
            }
        }
        // Five standard deviations of the mean of x, x², x³, x⁴: variances 1, 2, 15, 96.
        for ((found, wanted), variance) in sums.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 2.0, 15.0, 96.0_f64]) {
            let bound = 5.0 * (variance / f64::from(n)).sqrt();
            assert!((found - wanted).abs() < bound, "{found}, wanted {wanted} ± {bound}");
        }
    }

    #[test]
    fn poisson_counts_have_mean_and_variance_alike_small_and_large() {
        for mean in [0.02, 3.0, 16.0, 40.5] {
            let n = 20_000_u32;
            let counts = (0..u64::from(n)).map(|i| stream(1, i).poisson(mean) as f64).collect::<Vec<_>>();
            let found = counts.iter().sum::<f64>() / f64::from(n);
            let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / f64::from(n);
            let bound = 5.0 * (mean / f64::from(n)).sqrt();
            assert!((found - mean).abs() < bound, "mean {found}, wanted {mean} ± {bound}");
            let bound = 5.0 * ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt();
            assert!((variance - mean).abs() < bound, "variance {variance}, wanted {mean} ± {bound}");
        }
        assert_eq!(stream(1, 0).poisson(0.0), 0);
    }
}
