// What happens to a track up to the wave after: the mean of what its models say. Twin: src/fusion/motion/models.rs

struct Course {
    look: LaneStep,
    // Second moments of what models turn by, about their mean: of each pair of `short_s`, `aside_s`, `lost` and `aside`.
    spread: mat4x4<f32>,
}

// Where the existence of a track lies, with the weights of its models behind it.
fn existence_at(track: u32) -> u32 {
    return at(track, 0u, 1u + params.models);
}

fn weight_of(track: u32, m: u32) -> f32 {
    return existence[at(track, 1u + m, 1u + params.models)];
}

fn turning_numbers(t: Turning) -> vec4<f32> {
    return vec4(t.short_s, t.aside_s, t.lost, t.aside);
}

fn course_of(track: u32) -> Course {
    var course = Course(looks[params.first_look], mat4x4(vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0)));
    if params.models == 0u {
        return course;
    }
    var flat = vec3(0.0);
    var extra = vec3(0.0);
    var drive = 0.0;
    var across = 0.0;
    var turns = 0u;
    var mean = vec4(0.0);
    for (var m = 0u; m < params.models; m++) {
        let w = weight_of(track, m);
        let own = looks[params.first_look + m];
        flat = flat + w * vec3(own.noise.pp, own.noise.pv, own.noise.vv);
        extra = extra + w * vec3(own.noise.extra_pp, own.noise.extra_pv, own.noise.extra_vv);
        drive = drive + w * own.noise.drive_vv;
        across = across + w * own.turning.across_pv;
        turns = max(turns, own.turning.turns);
        mean = mean + w * turning_numbers(own.turning);
    }
    course.look.noise.pp = flat.x;
    course.look.noise.pv = flat.y;
    course.look.noise.vv = flat.z;
    course.look.noise.extra_pp = extra.x;
    course.look.noise.extra_pv = extra.y;
    course.look.noise.extra_vv = extra.z;
    course.look.noise.drive_vv = drive;
    course.look.turning = Turning(turns, course.look.turning.rate, mean.x, mean.y, mean.z, mean.w, across);
    if turns == 1u {
        for (var m = 0u; m < params.models; m++) {
            let a = turning_numbers(looks[params.first_look + m].turning) - mean;
            let w = weight_of(track, m) * a;
            let s = course.spread;
            course.spread = mat4x4(s[0] + w.x * a, s[1] + w.y * a, s[2] + w.z * a, s[3] + w.w * a);
        }
    }
    return course;
}
