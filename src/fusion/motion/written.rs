//! Motion as configurations have it: one table, whose other keys depend on `model`.

use super::{ConstantVelocity, CoordinatedTurn, MODELS_MAX, Member, Mode, Models, Motion, Moves, Noise, Orbit};
use crate::fusion::bounds::{probability, quantity};
use serde::{Deserialize, Serialize};

/// Intensity of what the forces on an orbit leave out where a configuration does not say, m²/s³.
const Q: f64 = 1e-6;
/// No target turns faster, degrees a second.
const TURN_MAX: f64 = 90.0;

/// The table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// Left out: constant velocity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn_deg_s: Option<f64>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn_deg_s: Option<f64>,
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
    CoordinatedTurn,
    Orbit,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Quantity(#[serde(deserialize_with = "quantity")] f64);

/// A table of motion that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(super) enum MotionError {
    #[error(
        "missing field `{0}`: motion has `noise`, `horizontal`, `vertical`, `survival_per_s`, that of `coordinated_turn` also `turn_deg_s`"
    )]
    Missing(&'static str),
    #[error("unknown field `{0}` of motion model `{1}`: wanted {2}")]
    Unknown(&'static str, &'static str, &'static str),
    #[error("`q`: found {0}, wanted a number above 0: what the forces leave out is never nothing")]
    NoNoise(f64),
    #[error("`models`: found {0}, wanted 2 to {MODELS_MAX}; one model is written without `models`")]
    Count(usize),
    #[error("`{0}` beside `models`: wanted `survival_per_s` alone; each of `models` has its own")]
    Beside(&'static str),
    #[error(
        "model {0} of `models`: found `orbit`, wanted `constant_velocity` or `coordinated_turn`: satellites move by `orbit` alone"
    )]
    Orbit(usize),
    #[error("model {0} of `models`: {1}")]
    Member(usize, TurnError),
    #[error(transparent)]
    Turn(TurnError),
    #[error(
        "model {0} of `models`: found `sojourn_s` = 0, wanted seconds above 0 for which targets keep it at a stretch"
    )]
    NoTime(usize),
}

/// A turn that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(super) enum TurnError {
    #[error(
        "`turn_deg_s` of `coordinated_turn`: missing, wanted degrees a second, to the right above 0, to the left below"
    )]
    Missing,
    #[error(
        "`turn_deg_s`: found {0}, wanted -{TURN_MAX} to {TURN_MAX} but 0, degrees a second: what does not turn is `constant_velocity`"
    )]
    Rate(f64),
    #[error("`noise` of `coordinated_turn`: found `constant_acceleration`, wanted `white_acceleration`")]
    Noise,
    #[error(
        "`turn_deg_s` of `constant_velocity`: found {0}, wanted none; what turns has `model = \"coordinated_turn\"`"
    )]
    Straight(f64),
}

/// A model that goes straight on or turns.
fn mode(model: Option<Name>, turn_deg_s: Option<f64>, straight: ConstantVelocity) -> Result<Mode, TurnError> {
    let ConstantVelocity { noise, horizontal, vertical } = straight;
    let turns = model == Some(Name::CoordinatedTurn);
    match turn_deg_s {
        None if turns => Err(TurnError::Missing),
        None => Ok(straight.into()),
        Some(turn_deg_s) if !turns => Err(TurnError::Straight(turn_deg_s)),
        Some(turn_deg_s) if !(turn_deg_s.abs() > 0.0 && turn_deg_s.abs() <= TURN_MAX) => {
            Err(TurnError::Rate(turn_deg_s))
        }
        Some(_) if noise != Noise::WhiteAcceleration => Err(TurnError::Noise),
        Some(turn_deg_s) => Ok(CoordinatedTurn { turn_deg_s, horizontal, vertical }.into()),
    }
}

fn several(written: &[WrittenMember]) -> Result<Models, MotionError> {
    let mut of = Vec::with_capacity(written.len());
    for (number, member) in (1..).zip(written.iter().copied()) {
        let WrittenMember { model, turn_deg_s, noise, horizontal, vertical, sojourn_s } = member;
        if model == Some(Name::Orbit) {
            return Err(MotionError::Orbit(number));
        }
        if sojourn_s <= 0.0 {
            return Err(MotionError::NoTime(number));
        }
        let straight = ConstantVelocity { noise, horizontal, vertical };
        let model = mode(model, turn_deg_s, straight).map_err(|error| MotionError::Member(number, error))?;
        of.push(Member { model, sojourn_s });
    }
    Models::new(&of).ok_or(MotionError::Count(of.len()))
}

impl TryFrom<Written> for Motion {
    type Error = MotionError;

    fn try_from(written: Written) -> Result<Self, MotionError> {
        let Written { model, turn_deg_s, noise, horizontal, vertical, q, survival_per_s, models } = written;
        if let Some(models) = models {
            let others = [
                ("model", model.is_some()),
                ("turn_deg_s", turn_deg_s.is_some()),
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
                    ("turn_deg_s", turn_deg_s.is_some()),
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
            named => {
                let (name, wanted) = if named == Some(Name::CoordinatedTurn) {
                    ("coordinated_turn", "`turn_deg_s`, `noise`, `horizontal`, `vertical`, `survival_per_s`")
                } else {
                    ("constant_velocity", "`noise`, `horizontal`, `vertical`, `survival_per_s`, or `model = \"orbit\"`")
                };
                if q.is_some() {
                    return Err(MotionError::Unknown("q", name, wanted));
                }
                let straight = ConstantVelocity {
                    noise: noise.ok_or(MotionError::Missing("noise"))?,
                    horizontal: horizontal.ok_or(MotionError::Missing("horizontal"))?.0,
                    vertical: vertical.ok_or(MotionError::Missing("vertical"))?.0,
                };
                match mode(named, turn_deg_s, straight).map_err(MotionError::Turn)? {
                    Mode::ConstantVelocity(model) => model.into(),
                    Mode::CoordinatedTurn(model) => model.into(),
                }
            }
        };
        Ok(Self { model, survival_per_s })
    }
}

impl From<Motion> for Written {
    fn from(Motion { model, survival_per_s }: Motion) -> Self {
        let nothing = Self {
            model: None,
            turn_deg_s: None,
            noise: None,
            horizontal: None,
            vertical: None,
            q: None,
            survival_per_s,
            models: None,
        };
        let of = |model: Mode| {
            let (turn_deg_s, ConstantVelocity { noise, horizontal, vertical }) = model.written();
            let model = turn_deg_s.map(|_| Name::CoordinatedTurn);
            (model, turn_deg_s, noise, horizontal, vertical)
        };
        let one = |model: Mode| {
            let (model, turn_deg_s, noise, horizontal, vertical) = of(model);
            let (horizontal, vertical) = (Some(Quantity(horizontal)), Some(Quantity(vertical)));
            Self { model, turn_deg_s, noise: Some(noise), horizontal, vertical, ..nothing.clone() }
        };
        match model {
            Moves::ConstantVelocity(model) => one(model.into()),
            Moves::CoordinatedTurn(model) => one(model.into()),
            Moves::Orbit(Orbit { q }) => Self { model: Some(Name::Orbit), q: Some(Quantity(q)), ..nothing },
            Moves::Several(models) => {
                let member = |Member { model, sojourn_s }: &Member| {
                    let (model, turn_deg_s, noise, horizontal, vertical) = of(*model);
                    WrittenMember { model, turn_deg_s, noise, horizontal, vertical, sojourn_s: *sojourn_s }
                };
                Self { models: Some(models.each().iter().map(member).collect()), ..nothing }
            }
        }
    }
}

impl Mode {
    /// Its turn, if it has one, and the rest of it.
    fn written(self) -> (Option<f64>, ConstantVelocity) {
        match self {
            Self::ConstantVelocity(model) => (None, model),
            Self::CoordinatedTurn(CoordinatedTurn { turn_deg_s, horizontal, vertical }) => {
                (Some(turn_deg_s), ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical })
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
        let turn = CoordinatedTurn { turn_deg_s: -3.0, horizontal: 2.0, vertical: 0.5 };
        let text = format!("model = \"coordinated_turn\"\nturn_deg_s = -3.0\n{straight}");
        assert_eq!(read(&text), Ok(Motion { model: turn.into(), survival_per_s: 0.99 }));
        assert_eq!(toml::to_string(&Motion { model: turn.into(), survival_per_s: 0.99 }).expect("text"), text);
        for (text, wanted) in [
            (format!("model = \"coordinated_turn\"\n{straight}"), "`turn_deg_s` of `coordinated_turn`: missing"),
            (format!("turn_deg_s = 3.0\n{straight}"), "`turn_deg_s` of `constant_velocity`: found 3"),
            (format!("q = 1.0\n{text}"), "unknown field `q` of motion model `coordinated_turn`"),
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
            model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical: 0.5 }.into(),
            sojourn_s,
        };
        let head = "survival_per_s = 0.99\n";
        let (calm, lively) = (member(0.3, 60.0), member(1000.0, 20.0));
        let text = format!("{head}\n{calm}\n{lively}");
        let models = Models::new(&[of(0.3, 60.0), of(1000.0, 20.0)]).expect("two");
        let motion = Motion { model: models.into(), survival_per_s: 0.99 };
        assert_eq!(read(&text), Ok(motion));
        assert_eq!(toml::to_string(&motion).expect("text"), text);
        let turn = |rate: &str| {
            let keys = format!("model = \"coordinated_turn\"\nturn_deg_s = {rate}\nnoise");
            format!("{head}\n{calm}\n{}", lively.replacen("noise", &keys, 1))
        };
        let right = CoordinatedTurn { turn_deg_s: 3.0, horizontal: 1000.0, vertical: 0.5 };
        let models = [of(0.3, 60.0), Member { model: right.into(), sojourn_s: 20.0 }];
        let turning = Motion { model: Models::new(&models).expect("two").into(), survival_per_s: 0.99 };
        assert_eq!(read(&turn("3.0")), Ok(turning));
        assert_eq!(toml::to_string(&turning).expect("text"), turn("3.0"));
        let named = |name: &str| text.replacen("noise", &format!("model = \"{name}\"\nnoise"), 1);
        assert_eq!(read(&named("constant_velocity")), Ok(motion));
        for (text, wanted) in [
            (format!("{head}{calm}"), "`models`: found 1, wanted 2 to 4"),
            (format!("{head}{calm}{lively}{calm}{lively}{calm}"), "`models`: found 5, wanted 2 to 4"),
            (format!("{head}models = []"), "`models`: found 0, wanted 2 to 4"),
            (format!("horizontal = 3.0\n{text}"), "`horizontal` beside `models`"),
            (format!("model = \"orbit\"\n{text}"), "`model` beside `models`"),
            (named("orbit"), "model 1 of `models`: found `orbit`"),
            (turn("0.0"), "model 2 of `models`: `turn_deg_s`: found 0, wanted -90 to 90 but 0"),
            (turn("91.0"), "`turn_deg_s`: found 91"),
            (turn("nan"), "`turn_deg_s`: found NaN"),
            (
                turn("3.0").replacen("white", "constant", 2),
                "`noise` of `coordinated_turn`: found `constant_acceleration`",
            ),
            (
                turn("3.0").replace("turn_deg_s = 3.0\n", ""),
                "model 2 of `models`: `turn_deg_s` of `coordinated_turn`: missing",
            ),
            (
                text.replacen("noise", "turn_deg_s = 3.0\nnoise", 1),
                "model 1 of `models`: `turn_deg_s` of `constant_velocity`",
            ),
            (format!("turn_deg_s = 3.0\n{text}"), "`turn_deg_s` beside `models`"),
            (format!("{head}{calm}{}", member(1.0, 0.0)), "model 2 of `models`: found `sojourn_s` = 0"),
            (text.replace("sojourn_s = 20.0\n", ""), "missing field `sojourn_s`"),
            (text.replace("sojourn_s = 20.0", "sojourn_s = -1.0"), "found -1, wanted a number from 0"),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(wanted), "{error}");
        }
    }
}
