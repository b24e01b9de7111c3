//! Motion as configurations have it: one table, whose other keys depend on `model`.

use super::{ConstantVelocity, MODELS_MAX, Member, Models, Motion, Moves, Noise, Orbit};
use crate::fusion::bounds::{probability, quantity};
use serde::{Deserialize, Serialize};

/// Intensity of what the forces on an orbit leave out where a configuration does not say, m²/s³.
const Q: f64 = 1e-6;

/// The table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// Left out: constant velocity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noise: Option<Noise>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    horizontal: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vertical: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<Quantity>,
    #[serde(deserialize_with = "probability")]
    survival_per_s: f64,
    /// Left out: one, which the keys above say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    models: Option<Vec<WrittenMember>>,
}

/// One of several models.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMember {
    /// Left out: constant velocity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Name>,
    noise: Noise,
    #[serde(deserialize_with = "quantity")]
    horizontal: f64,
    #[serde(deserialize_with = "quantity")]
    vertical: f64,
    #[serde(deserialize_with = "quantity")]
    sojourn_s: f64,
}

/// The motion models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    ConstantVelocity,
    Orbit,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Quantity(#[serde(deserialize_with = "quantity")] f64);

/// A table of motion that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(super) enum MotionError {
    #[error("missing field `{0}`: motion of constant velocity has `noise`, `horizontal`, `vertical`, `survival_per_s`")]
    Missing(&'static str),
    #[error("unknown field `{0}` of motion model `{1}`: wanted {2}")]
    Unknown(&'static str, &'static str, &'static str),
    #[error("`q`: found {0}, wanted a number above 0: what the forces leave out is never nothing")]
    NoNoise(f64),
    #[error("`models`: found {0}, wanted 2 to {MODELS_MAX}; one model is written without `models`")]
    Count(usize),
    #[error("`{0}` beside `models`: wanted `survival_per_s` alone; each of `models` has its own")]
    Beside(&'static str),
    #[error("model {0} of `models`: found `orbit`, wanted `constant_velocity`: satellites move by `orbit` alone")]
    Orbit(usize),
    #[error(
        "model {0} of `models`: found `sojourn_s` = 0, wanted seconds above 0 for which targets keep it at a stretch"
    )]
    NoTime(usize),
}

fn several(written: &[WrittenMember]) -> Result<Models, MotionError> {
    let mut of = Vec::with_capacity(written.len());
    for (number, WrittenMember { model, noise, horizontal, vertical, sojourn_s }) in (1..).zip(written.iter().copied())
    {
        if model == Some(Name::Orbit) {
            return Err(MotionError::Orbit(number));
        }
        if sojourn_s <= 0.0 {
            return Err(MotionError::NoTime(number));
        }
        of.push(Member { model: ConstantVelocity { noise, horizontal, vertical }, sojourn_s });
    }
    Models::new(&of).ok_or(MotionError::Count(of.len()))
}

impl TryFrom<Written> for Motion {
    type Error = MotionError;

    fn try_from(written: Written) -> Result<Self, MotionError> {
        let Written { model, noise, horizontal, vertical, q, survival_per_s, models } = written;
        if let Some(models) = models {
            let others = [
                ("model", model.is_some()),
                ("noise", noise.is_some()),
                ("horizontal", horizontal.is_some()),
                ("vertical", vertical.is_some()),
                ("q", q.is_some()),
            ];
            if let Some((other, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
                return Err(MotionError::Beside(other));
            }
            return Ok(Self { model: several(&models)?.into(), survival_per_s });
        }
        let model = match model {
            Some(Name::Orbit) => {
                let others = [
                    ("noise", noise.is_some()),
                    ("horizontal", horizontal.is_some()),
                    ("vertical", vertical.is_some()),
                ];
                if let Some((other, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
                    return Err(MotionError::Unknown(other, "orbit", "`q`, `survival_per_s`"));
                }
                match q.map_or(Q, |Quantity(q)| q) {
                    q if q > 0.0 => Orbit { q }.into(),
                    q => return Err(MotionError::NoNoise(q)),
                }
            }
            None | Some(Name::ConstantVelocity) if q.is_some() => {
                let wanted = "`noise`, `horizontal`, `vertical`, `survival_per_s`, or `model = \"orbit\"`";
                return Err(MotionError::Unknown("q", "constant_velocity", wanted));
            }
            None | Some(Name::ConstantVelocity) => ConstantVelocity {
                noise: noise.ok_or(MotionError::Missing("noise"))?,
                horizontal: horizontal.ok_or(MotionError::Missing("horizontal"))?.0,
                vertical: vertical.ok_or(MotionError::Missing("vertical"))?.0,
            }
            .into(),
        };
        Ok(Self { model, survival_per_s })
    }
}

impl From<Motion> for Written {
    fn from(Motion { model, survival_per_s }: Motion) -> Self {
        let nothing =
            Self { model: None, noise: None, horizontal: None, vertical: None, q: None, survival_per_s, models: None };
        match model {
            Moves::ConstantVelocity(ConstantVelocity { noise, horizontal, vertical }) => Self {
                noise: Some(noise),
                horizontal: Some(Quantity(horizontal)),
                vertical: Some(Quantity(vertical)),
                ..nothing
            },
            Moves::Orbit(Orbit { q }) => Self { model: Some(Name::Orbit), q: Some(Quantity(q)), ..nothing },
            Moves::Several(models) => {
                let member = |Member { model, sojourn_s }: &Member| {
                    let ConstantVelocity { noise, horizontal, vertical } = *model;
                    WrittenMember { model: None, noise, horizontal, vertical, sojourn_s: *sojourn_s }
                };
                Self { models: Some(models.each().iter().map(member).collect()), ..nothing }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Motion, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.to_string())
    }

    #[test]
    fn motion_is_of_constant_velocity_unless_it_says_orbit_and_has_the_keys_of_its_model() {
        let straight = "noise = \"white_acceleration\"\nhorizontal = 2.0\nvertical = 0.5\nsurvival_per_s = 0.99\n";
        let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 2.0, vertical: 0.5 };
        let motion = Motion { model: model.into(), survival_per_s: 0.99 };
        assert_eq!(read(straight), Ok(motion));
        assert_eq!(read(&format!("model = \"constant_velocity\"\n{straight}")), Ok(motion));
        assert_eq!(toml::to_string(&motion).expect("text"), straight, "digests of configurations stay");
        let orbit = |q| Motion { model: Orbit { q }.into(), survival_per_s: 0.999 };
        assert_eq!(read("model = \"orbit\"\nsurvival_per_s = 0.999"), Ok(orbit(1e-6)));
        let text = "model = \"orbit\"\nq = 0.0001\nsurvival_per_s = 0.999\n";
        assert_eq!(read(text), Ok(orbit(1e-4)));
        assert_eq!(toml::to_string(&orbit(1e-4)).expect("text"), text);
        for (text, wanted) in [
            (
                straight.replace("horizontal", "model = \"orbit\"\nhorizontal"),
                "unknown field `noise` of motion model `orbit`",
            ),
            (format!("q = 1e-6\n{straight}"), "unknown field `q` of motion model `constant_velocity`"),
            (straight.replace("vertical = 0.5\n", ""), "missing field `vertical`"),
            ("model = \"orbit\"\nq = 0.0\nsurvival_per_s = 1.0".to_owned(), "`q`: found 0, wanted a number above 0"),
            ("model = \"orbit\"\nq = -1.0\nsurvival_per_s = 1.0".to_owned(), "found -1, wanted a number from 0"),
            ("model = \"orbit\"\nsurvival_per_s = 1.5".to_owned(), "wanted a probability"),
            ("model = \"ballistic\"\nsurvival_per_s = 1.0".to_owned(), "unknown variant `ballistic`"),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn several_models_are_a_list_and_nothing_beside_it() {
        let member = |horizontal, sojourn_s| {
            let keys = format!("horizontal = {horizontal:?}\nvertical = 0.5\nsojourn_s = {sojourn_s:?}\n");
            format!("[[models]]\nnoise = \"white_acceleration\"\n{keys}")
        };
        let of = |horizontal, sojourn_s| Member {
            model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical: 0.5 },
            sojourn_s,
        };
        let head = "survival_per_s = 0.99\n";
        let (calm, lively) = (member(0.3, 60.0), member(1000.0, 20.0));
        let text = format!("{head}\n{calm}\n{lively}");
        let models = Models::new(&[of(0.3, 60.0), of(1000.0, 20.0)]).expect("two");
        let motion = Motion { model: models.into(), survival_per_s: 0.99 };
        assert_eq!(read(&text), Ok(motion));
        assert_eq!(toml::to_string(&motion).expect("text"), text);
        let named = |name: &str| text.replacen("noise", &format!("model = \"{name}\"\nnoise"), 1);
        assert_eq!(read(&named("constant_velocity")), Ok(motion));
        for (text, wanted) in [
            (format!("{head}{calm}"), "`models`: found 1, wanted 2 to 3"),
            (format!("{head}{calm}{lively}{calm}{lively}"), "`models`: found 4, wanted 2 to 3"),
            (format!("{head}models = []"), "`models`: found 0, wanted 2 to 3"),
            (format!("horizontal = 3.0\n{text}"), "`horizontal` beside `models`"),
            (format!("model = \"orbit\"\n{text}"), "`model` beside `models`"),
            (named("orbit"), "model 1 of `models`: found `orbit`"),
            (format!("{head}{calm}{}", member(1.0, 0.0)), "model 2 of `models`: found `sojourn_s` = 0"),
            (text.replace("sojourn_s = 20.0\n", ""), "missing field `sojourn_s`"),
            (text.replace("sojourn_s = 20.0", "sojourn_s = -1.0"), "found -1, wanted a number from 0"),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(wanted), "{error}");
        }
    }
}
