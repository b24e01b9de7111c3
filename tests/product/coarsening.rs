//! Coarsening: a grid fixed to the world, and covariances that stay true.

use arrow_array::RecordBatch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use trackweave::policy::Obligations;
use trackweave::product::{ProductError, Row, picture_batch, picture_points};
use trackweave::space::{Frame, Geodetic};

use super::{FRAMES, Outcome, all, coarse, doubles, row, singles};

#[test]
fn snapping_a_centre_gives_the_same_centre_everywhere_on_earth() -> Outcome {
    let mut random = ChaCha8Rng::seed_from_u64(20_260_731);
    for size_m in [1.0, 30.0, 500.0, 12_345.6, 250_000.0] {
        let cut = coarse(size_m);
        let mut places =
            vec![(90.0, 0.0), (-90.0, 10.0), (89.999_9, 77.0), (0.0, 180.0), (0.0, -180.0), (12.0, 179.999_999)];
        places.extend((0..500).map(|_| (random.random_range(-90.0..90.0), random.random_range(-180.0..180.0))));
        for (latitude_deg, longitude_deg) in places {
            let exact =
                Geodetic { latitude_deg, longitude_deg, altitude_m: random.random_range(-100.0..20_000.0) }.ecef();
            let once = picture_batch(Frame::Geodetic, &all(), [(row(0, exact, &[]), &cut)])?;
            let centre = picture_points(&once)?.first().ok_or("no row")?.position_m;
            let twice = picture_batch(Frame::Geodetic, &all(), [(row(0, centre, &[]), &cut)])?;
            assert_eq!(once, twice, "{size_m} m at {latitude_deg} {longitude_deg}");
            // Half the diagonal of a cell; near a pole one of up to twice the width.
            let moved_m = centre.iter().zip(exact).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            assert!(moved_m <= 1.5 * size_m + 1e-6, "{size_m} m at {latitude_deg} {longitude_deg}: moved {moved_m} m");
            let longitude = doubles(&once, "longitude_deg")[0];
            assert!((-180.0..180.0).contains(&longitude), "{longitude}");
        }
        let at = |longitude_deg| Geodetic { latitude_deg: 30.0, longitude_deg, altitude_m: 0.0 }.ecef();
        let both =
            [at(180.0), at(-180.0)].map(|exact| picture_batch(Frame::Geodetic, &all(), [(row(0, exact, &[]), &cut)]));
        let [one, other] = both;
        assert_eq!(one?, other?, "the antimeridian has two names and two cells");
    }
    Ok(())
}

/// Mean over rows of error² / variance along each axis, and of the normalised squared error a dimension.
fn consistency(batch: &RecordBatch, truth: &[[f64; 3]], frame: Frame) -> Result<([f64; 3], f64), ProductError> {
    let letters = match frame {
        Frame::Geodetic => ["ee", "en", "eu", "nn", "nu", "uu"],
        Frame::Local => ["xx", "xy", "xz", "yy", "yz", "zz"],
    };
    let p = letters.map(|pair| singles(batch, &format!("position_covariance_{pair}_m2")));
    let (mut axes_mean, mut mean) = ([0.0; 3], 0.0);
    for (row, (point, truth)) in picture_points(batch)?.iter().zip(truth).enumerate() {
        let mut axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        if frame == Frame::Geodetic {
            axes = Geodetic::from_ecef(point.position_m).enu_axes();
        }
        let [x, y, z] = truth;
        let [a, b, c] = point.position_m;
        let e = axes.map(|[i, j, k]| (a - x) * i + (b - y) * j + (c - z) * k);
        let [xx, xy, xz, yy, yz, zz] = p.each_ref().map(|column| column[row]);
        // Cramer: e' P^-1 e by the adjugate.
        let adjugate = [
            [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy],
            [xz * yz - xy * zz, xx * zz - xz * xz, xy * xz - xx * yz],
            [xy * yz - xz * yy, xy * xz - xx * yz, xx * yy - xy * xy],
        ];
        let determinant = xx * adjugate[0][0] + xy * adjugate[0][1] + xz * adjugate[0][2];
        let turned = adjugate.map(|line| line.iter().zip(e).map(|(m, e)| m * e).sum::<f64>());
        let squared = turned.iter().zip(e).map(|(t, e)| t * e).sum::<f64>() / determinant;
        let n = truth_count(batch);
        mean += squared / 3.0 / n;
        for (mean, (e, variance)) in axes_mean.iter_mut().zip(e.iter().zip([xx, yy, zz])) {
            *mean += e * e / variance / n;
        }
    }
    Ok((axes_mean, mean))
}

fn truth_count(batch: &RecordBatch) -> f64 {
    f64::from(u32::try_from(batch.num_rows()).unwrap_or(u32::MAX))
}

#[test]
fn the_covariance_of_a_coarsened_position_is_true() -> Outcome {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    // L Lᵀ = P, correlated, of the size of the cells, so that neither part hides the other.
    let l = [[200.0, 0.0, 0.0], [90.0, 150.0, 0.0], [-60.0, 40.0, 120.0]];
    let mut covariance = [[0.0; 6]; 6];
    for (i, j) in (0..9).map(|n| (n / 3, n % 3)) {
        covariance[i][j] = l[i].iter().zip(l[j]).map(|(a, b)| a * b).sum();
    }
    for frame in FRAMES {
        let (mut truth, mut rows) = (Vec::new(), Vec::new());
        for _ in 0..20_000 {
            let [u, v, w] = std::array::from_fn(|_| random.random_range(0.0..1.0));
            let exact: [f64; 3] = match frame {
                Frame::Geodetic => {
                    Geodetic { latitude_deg: 60.0 + u, longitude_deg: 179.5 + v, altitude_m: 20_000.0 * w }.ecef()
                }
                Frame::Local => [u * 40_000.0 - 20_000.0, v * 40_000.0, w * 20_000.0],
            };
            let normal: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut random));
            let mut estimate = exact;
            for (to, line) in estimate.iter_mut().zip(l) {
                *to += line.iter().zip(normal).map(|(a, b)| a * b).sum::<f64>();
            }
            truth.push(exact);
            rows.push(Row { covariance, ..row(0, estimate, &[]) });
        }
        let cut = coarse(1_000.0);
        let batch = picture_batch(frame, &all(), rows.iter().map(|row| (*row, &cut)))?;
        // 20,000 rows: the standard error of a mean of such squares is at most sqrt(2 / 20,000) = 0.01.
        let (axes, whole) = consistency(&batch, &truth, frame)?;
        assert!(axes.iter().chain([&whole]).all(|mean| (mean - 1.0).abs() < 0.03), "{frame:?}: {axes:?} {whole}");

        // The same error, claimed without the variance of the cell, is seen.
        let exact_cut = Obligations::default();
        let claimed = picture_batch(frame, &all(), rows.iter().map(|row| (*row, &exact_cut)))?;
        let shown = picture_points(&batch)?;
        let lies = rows.iter().zip(&shown).map(|(row, shown)| Row { position_m: shown.position_m, ..*row });
        let lies = lies.collect::<Vec<_>>();
        let lies = picture_batch(frame, &all(), lies.iter().map(|row| (*row, &exact_cut)))?;
        let honest = consistency(&claimed, &truth, frame)?.1;
        let lie = consistency(&lies, &truth, frame)?.1;
        assert!((honest - 1.0).abs() < 0.03 && lie > 2.0, "{frame:?}: {honest} {lie}");
    }
    Ok(())
}

#[test]
fn the_covariance_beside_a_pole_is_true_to_the_documented_three_per_cent() -> Outcome {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let cut = coarse(1_000.0);
    // Wanted: 1 for the disc, by integration over a sector of 60 degrees for the first ring, nearly 1 from there on.
    for (ring, wanted) in [(0.0, 1.0), (1.0, 1.03), (2.0, 1.0)] {
        for south in [1.0, -1.0] {
            // Evenly over a square that holds the whole ring; which rows are in it, the picture itself says.
            let half_m = 1_000.0 * (ring + 0.5) * 1.05;
            let exact = |_| {
                let [x, y] = std::array::from_fn(|_| random.random_range(-half_m..half_m));
                [x, y, south * (6_356_752.314 + random.random_range(0.0..20_000.0))]
            };
            let everywhere = (0..40_000).map(exact).collect::<Vec<_>>();
            let everywhere_batch = batch_of(&everywhere, &cut)?;
            let latitudes = doubles(&everywhere_batch, "latitude_deg");
            // A degree of latitude is 111.7 km long at a pole.
            let inside = |latitude: f64| ((90.0 - latitude * south) * 111.7 - ring).abs() < 0.5;
            let truth = everywhere.iter().zip(latitudes).filter(|(_, latitude)| inside(*latitude));
            let truth = truth.map(|(exact, _)| *exact).collect::<Vec<_>>();
            assert!(truth.len() > 15_000, "{} rows in ring {ring}", truth.len());
            let ([east, north, up], _) = consistency(&batch_of(&truth, &cut)?, &truth, Frame::Geodetic)?;
            let horizontal = f64::midpoint(east, north);
            assert!((horizontal - wanted).abs() < 0.02, "ring {ring}, {south}: {east} {north}, wanted {wanted}");
            assert!((up - 1.0).abs() < 0.02, "ring {ring}, {south}: {up}");
        }
    }
    Ok(())
}

/// Exact positions, so that all of the error is the cell's.
fn batch_of(truth: &[[f64; 3]], cut: &Obligations) -> Result<RecordBatch, ProductError> {
    let rows = truth.iter().map(|&exact| (Row { covariance: [[0.0; 6]; 6], ..row(0, exact, &[]) }, cut));
    picture_batch(Frame::Geodetic, &all(), rows)
}
