// How far a detection lies from a prediction, as a likelihood ratio. Twin: src/fusion/observation.rs

override TWO_PI: f32;

fn product3(m: mat3x3<f32>, a: vec3<f32>) -> vec3<f32> {
    return m[0] * a.x + m[1] * a.y + m[2] * a.z;
}

// Squared Mahalanobis distance, and det(2 pi S).
fn innovation_of(d: Detection, o: Observation, place: vec3<i32>, s: State) -> vec2<f32> {
    let tau = d.ahead_s;
    let e = difference_of(d, place, s.x) - tau * s.v;
    let first = first_of(o, e);
    let three = 2.5 < f32(o.axes);
    let rated = 0.0 < o.rate_sigma_m_s;
    let c = s.pp + tau * (s.pv + transpose(s.pv)) + tau * (tau * s.vv);
    let m0 = product3(c, first.axis);
    let m1 = product3(c, o.axis_1);
    let d0 = dot3(first.axis, m0) + o.sigma_0_m * o.sigma_0_m;
    let s10 = dot3(o.axis_1, m0);
    let s11 = dot3(o.axis_1, m1) + o.sigma_1_m * o.sigma_1_m;
    let l10 = s10 / d0;
    let d1 = s11 - l10 * s10;
    var determinant = (d0 * TWO_PI) * (d1 * TWO_PI);
    let nu1 = dot3(o.axis_1, e) - l10 * first.residual;
    var distance2 = first.residual * first.residual / d0 + nu1 * nu1 / d1;
    var l20 = 0.0;
    var l21 = 0.0;
    var d2 = 1.0;
    var nu2 = 0.0;
    if three {
        let m2 = product3(c, o.axis_2);
        let s20 = dot3(o.axis_2, m0);
        let t21 = dot3(o.axis_2, m1) - l10 * s20;
        l20 = s20 / d0;
        l21 = t21 / d1;
        d2 = dot3(o.axis_2, m2) + o.sigma_2_m * o.sigma_2_m - l20 * s20 - l21 * t21;
        determinant = determinant * (d2 * TWO_PI);
        nu2 = dot3(o.axis_2, e) - l20 * first.residual - l21 * nu1;
        distance2 = distance2 + nu2 * nu2 / d2;
    }
    if rated {
        let a = o.axis_0;
        let b = product3(s.pv + tau * s.vv, a);
        let s30 = dot3(first.axis, b);
        let t31 = dot3(o.axis_1, b) - l10 * s30;
        var t32 = 0.0;
        if three {
            t32 = dot3(o.axis_2, b) - l20 * s30 - l21 * t31;
        }
        let l30 = s30 / d0;
        let l31 = t31 / d1;
        let l32 = t32 / d2;
        let s33 = dot3(a, product3(s.vv, a)) + o.rate_sigma_m_s * o.rate_sigma_m_s;
        let d3 = s33 - l30 * s30 - l31 * t31 - l32 * t32;
        determinant = determinant * (d3 * TWO_PI);
        let nu3 = o.rate_m_s - dot3(a, s.v) - l30 * first.residual - l31 * nu1 - l32 * nu2;
        distance2 = distance2 + nu3 * nu3 / d3;
    }
    return vec2(distance2, determinant);
}

// N(nu; 0, S).
fn density_of(innovation: vec2<f32>) -> f32 {
    return exp_of_nonpositive(-0.5 * innovation.x) / sqrt(innovation.y);
}
