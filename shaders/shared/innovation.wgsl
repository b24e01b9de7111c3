// How far a detection lies from a prediction, as a likelihood ratio. Twin: src/fusion/observation.rs

override TWO_PI: f32;

// L D LT of the covariance of the rows of position, their residuals given the rows before, and what has come together.
struct Factored {
    axis: array<vec3<f32>, 3>,
    variance: vec3<f32>,
    l10: f32,
    l20: f32,
    l21: f32,
    nu: vec3<f32>,
    distance2: f32,
    determinant: f32,
}

// A row of velocity, factored behind those of position and the rows of velocity before it.
struct RateRow {
    line: Line,
    // L against the rows of position.
    l: vec3<f32>,
    variance: f32,
    nu: f32,
}

// Squared Mahalanobis distance, and det(2 pi S).
fn innovation_of(d: Detection, o: Observation, place: vec3<i32>, s: State) -> vec2<f32> {
    let positions = factor_positions(d, o, place, s);
    if o.rates == 0u {
        return vec2(positions.distance2, positions.determinant);
    }
    let e = difference_of(d, place, s.x) - d.ahead_s * s.v;
    return with_rates(o, d.ahead_s, e, s, positions);
}

fn factor_positions(d: Detection, o: Observation, place: vec3<i32>, s: State) -> Factored {
    let tau = d.ahead_s;
    let e = difference_of(d, place, s.x) - tau * s.v;
    let c = position_covariance(s, tau);
    let first = first_row(o, e, c);
    let second = second_row(o, e, c);
    let m0 = product3(c, first.axis);
    let m1 = product3(c, second.axis);
    let d0 = (dot3(first.axis, m0) + o.position[0].sigma * o.position[0].sigma) + first.beyond;
    let s10 = dot3(second.axis, m0);
    let s11 = (dot3(second.axis, m1) + o.position[1].sigma * o.position[1].sigma) + second.beyond;
    let l10 = s10 / d0;
    let d1 = s11 - l10 * s10;
    var to: Factored;
    to.axis = array(first.axis, second.axis, o.position[2].direction);
    to.variance = vec3(d0, d1, 1.0);
    to.l10 = l10;
    let nu1 = second.residual - l10 * first.residual;
    to.nu = vec3(first.residual, nu1, 0.0);
    to.distance2 = first.residual * first.residual / d0 + nu1 * nu1 / d1;
    to.determinant = (d0 * TWO_PI) * (d1 * TWO_PI);
    if 2.5 < f32(o.axes) {
        let third = third_row(o, e, c);
        let m2 = product3(c, third.axis);
        let s20 = dot3(third.axis, m0);
        let t21 = dot3(third.axis, m1) - l10 * s20;
        to.l20 = s20 / d0;
        to.l21 = t21 / d1;
        let s22 = (dot3(third.axis, m2) + o.position[2].sigma * o.position[2].sigma) + third.beyond;
        let d2 = s22 - to.l20 * s20 - to.l21 * t21;
        to.determinant = to.determinant * (d2 * TWO_PI);
        let nu2 = third.residual - to.l20 * first.residual - to.l21 * nu1;
        to.distance2 = to.distance2 + nu2 * nu2 / d2;
        to.axis[2] = third.axis;
        to.variance.z = d2;
        to.nu.z = nu2;
    }
    return to;
}

// The rows of velocity, one after another; t are covariances with the rows before, given those before them.
fn with_rates(o: Observation, tau: f32, e: vec3<f32>, s: State, positions: Factored) -> vec2<f32> {
    let cross = s.pv + tau * s.vv;
    let three = 2.5 < f32(o.axes);
    let p = positions;
    var velocity = o.velocity;
    var rates_m_s = o.rates_m_s;
    var before: array<RateRow, 3>;
    var among: array<vec3<f32>, 3>;
    var to = vec2(p.distance2, p.determinant);
    for (var k = 0u; k < min(o.rates, 3u); k++) {
        let line = line_of(o, k, velocity[k], rates_m_s[k], e, s, tau);
        let a = line.axis;
        let sigma = velocity[k].sigma;
        var b = product3(cross, a);
        var c = product3(s.vv, a);
        var variance = dot3(a, c) + sigma * sigma;
        if line.turns {
            b = b + product3(position_covariance(s, tau), line.pull);
            c = c + product3(transpose(cross), line.pull);
            variance = ((dot3(a, c) + sigma * sigma) + line.beyond) + dot3(line.pull, b);
        }
        let t0 = dot3(p.axis[0], b);
        let t1 = dot3(p.axis[1], b) - p.l10 * t0;
        var t2 = 0.0;
        if three {
            t2 = dot3(p.axis[2], b) - p.l20 * t0 - p.l21 * t1;
        }
        let l = vec3(t0, t1, t2) / p.variance;
        variance = variance - l.x * t0 - l.y * t1 - l.z * t2;
        var nu = line.residual - l.x * p.nu.x - l.y * p.nu.y - l.z * p.nu.z;
        var t: vec3<f32>;
        for (var j = 0u; j < k; j++) {
            let row = before[j];
            var own = dot3(row.line.axis, c);
            if row.line.turns {
                own = own + dot3(row.line.pull, b);
            }
            t[j] = own - row.l.x * t0 - row.l.y * t1 - row.l.z * t2;
            for (var i = 0u; i < j; i++) {
                t[j] = t[j] - among[j][i] * t[i];
            }
            among[k][j] = t[j] / row.variance;
            variance = variance - among[k][j] * t[j];
            nu = nu - among[k][j] * row.nu;
        }
        before[k] = RateRow(line, l, variance, nu);
        to = vec2(to.x + nu * nu / variance, to.y * (variance * TWO_PI));
    }
    return to;
}

// N(nu; 0, S).
fn density_of(innovation: vec2<f32>) -> f32 {
    return exp_of_nonpositive(-0.5 * innovation.x) / sqrt(innovation.y);
}
