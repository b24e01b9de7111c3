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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noise: Option<Noise>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    horizontal: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vertical: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<Quantity>,
    #[serde(deserialize_with = "quantity")]
    sojourn_s: f64,
}

/// The keys of one model.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    model: Option<Name>,
    turn_deg_s: Option<f64>,
    noise: Option<Noise>,
    horizontal: Option<Quantity>,
    vertical: Option<Quantity>,
    q: Option<Quantity>,
}

/// The motion models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Name {
    ConstantVelocity,
    CoordinatedTurn,
    Orbit,
}

impl Name {
    /// As it is written, and its keys.
    const fn keys(self) -> [&'static str; 2] {
        match self {
            Self::ConstantVelocity => {
                ["constant_velocity", "`noise`, `horizontal` and `vertical`; `q` is of `model = \"orbit\"`"]
            }
            Self::CoordinatedTurn => ["coordinated_turn", "`turn_deg_s`, `noise`, `horizontal` and `vertical`"],
            Self::Orbit => ["orbit", "`q`"],
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Quantity(#[serde(deserialize_with = "quantity")] f64);

/// A table of motion that is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum MotionError {
    #[error("missing field `{0}`: motion model `{name}` has {wanted}", name = .1.keys()[0], wanted = .1.keys()[1])]
    Missing(&'static str, Name),
    #[error("unknown field `{0}` of motion model `{name}`: wanted {wanted}", name = .1.keys()[0], wanted = .1.keys()[1])]
    Unknown(&'static str, Name),
    #[error("`q`: found {0}, wanted a number above 0: what the forces leave out is never nothing")]
    NoNoise(f64),
    #[error("`models`: found {0}, wanted 2 to {MODELS_MAX}; one model is written without `models`")]
    Count(usize),
    #[error("`{0}` beside `models`: wanted `survival_per_s` alone; each of `models` has its own")]
    Beside(&'static str),
    #[error(
        "model {0} of `models`: found {found}, wanted {wanted} as the first one: in a minute an orbit is 16 km from any straight way, so that one target cannot move by both",
        found = if *.1 { "`orbit`" } else { "no `orbit`" },
        wanted = if *.1 { "none" } else { "`orbit`" }
    )]
    Mixed(usize, bool),
    #[error("model {0} of `models`: {1}")]
    Member(usize, Box<MotionError>),
    #[error(transparent)]
    Turn(#[from] TurnError),
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

impl Keys {
    /// Which of them are there.
    fn named(&self) -> [(&'static str, bool); 5] {
        [
            ("turn_deg_s", self.turn_deg_s.is_some()),
            ("noise", self.noise.is_some()),
            ("horizontal", self.horizontal.is_some()),
            ("vertical", self.vertical.is_some()),
            ("q", self.q.is_some()),
        ]
    }

    fn mode(self) -> Result<Mode, MotionError> {
        let Self { model, turn_deg_s, noise, horizontal, vertical, q } = self;
        let name = model.unwrap_or(Name::ConstantVelocity);
        let foreign = |key: &str| (key == "q") != (name == Name::Orbit);
        if let Some((key, _)) = self.named().into_iter().find(|(key, is_there)| *is_there && foreign(key)) {
            // A rate of what goes straight on is told of below.
            if key != "turn_deg_s" || name == Name::Orbit {
                return Err(MotionError::Unknown(key, name));
            }
        }
        if name == Name::Orbit {
            return match q.map_or(Q, |Quantity(q)| q) {
                q if q > 0.0 => Ok(Orbit { q }.into()),
                q => Err(MotionError::NoNoise(q)),
            };
        }
        let noise = noise.ok_or(MotionError::Missing("noise", name))?;
        let Quantity(horizontal) = horizontal.ok_or(MotionError::Missing("horizontal", name))?;
        let Quantity(vertical) = vertical.ok_or(MotionError::Missing("vertical", name))?;
        let turns = name == Name::CoordinatedTurn;
        match turn_deg_s {
            None if turns => Err(TurnError::Missing.into()),
            None => Ok(ConstantVelocity { noise, horizontal, vertical }.into()),
            Some(turn_deg_s) if !turns => Err(TurnError::Straight(turn_deg_s).into()),
            Some(turn_deg_s) if !(turn_deg_s.abs() > 0.0 && turn_deg_s.abs() <= TURN_MAX) => {
                Err(TurnError::Rate(turn_deg_s).into())
            }
            Some(_) if noise != Noise::WhiteAcceleration => Err(TurnError::Noise.into()),
            Some(turn_deg_s) => Ok(CoordinatedTurn { turn_deg_s, horizontal, vertical }.into()),
        }
    }
}

fn several(written: &[WrittenMember]) -> Result<Models, MotionError> {
    let mut of: Vec<Member> = Vec::with_capacity(written.len());
    for (number, member) in (1..).zip(written.iter().copied()) {
        let WrittenMember { model, turn_deg_s, noise, horizontal, vertical, q, sojourn_s } = member;
        if sojourn_s <= 0.0 {
            return Err(MotionError::NoTime(number));
        }
        let keys = Keys { model, turn_deg_s, noise, horizontal, vertical, q };
        let model = keys.mode().map_err(|error| MotionError::Member(number, Box::new(error)))?;
        if of.first().is_some_and(|first| first.model.is_orbit() != model.is_orbit()) {
            return Err(MotionError::Mixed(number, model.is_orbit()));
        }
        of.push(Member { model, sojourn_s });
    }
    Models::new(&of).ok_or(MotionError::Count(of.len()))
}

impl TryFrom<Written> for Motion {
    type Error = MotionError;

    fn try_from(written: Written) -> Result<Self, MotionError> {
        let Written { model, turn_deg_s, noise, horizontal, vertical, q, survival_per_s, models } = written;
        let keys = Keys { model, turn_deg_s, noise, horizontal, vertical, q };
        let Some(models) = models else { return Ok(Self { model: keys.mode()?.into(), survival_per_s }) };
        let mut others = [("model", model.is_some())].into_iter().chain(keys.named());
        match others.find(|(_, is_there)| *is_there) {
            Some((other, _)) => Err(MotionError::Beside(other)),
            None => Ok(Self { model: several(&models)?.into(), survival_per_s }),
        }
    }
}

impl From<Motion> for Written {
    fn from(Motion { model, survival_per_s }: Motion) -> Self {
        let one = |keys: Keys| {
            let Keys { model, turn_deg_s, noise, horizontal, vertical, q } = keys;
            Self { model, turn_deg_s, noise, horizontal, vertical, q, survival_per_s, models: None }
        };
        match model {
            Moves::One(model) => one(model.into()),
            Moves::Several(models) => {
                let member = |Member { model, sojourn_s }: &Member| {
                    let Keys { model, turn_deg_s, noise, horizontal, vertical, q } = (*model).into();
                    WrittenMember { model, turn_deg_s, noise, horizontal, vertical, q, sojourn_s: *sojourn_s }
                };
                Self { models: Some(models.each().iter().map(member).collect()), ..one(Keys::default()) }
            }
        }
    }
}

impl From<Mode> for Keys {
    fn from(mode: Mode) -> Self {
        let (model, turn_deg_s, noise, horizontal, vertical) = match mode {
            Mode::ConstantVelocity(ConstantVelocity { noise, horizontal, vertical }) => {
                (None, None, noise, horizontal, vertical)
            }
            Mode::CoordinatedTurn(CoordinatedTurn { turn_deg_s, horizontal, vertical }) => {
                (Some(Name::CoordinatedTurn), Some(turn_deg_s), Noise::WhiteAcceleration, horizontal, vertical)
            }
            Mode::Orbit(Orbit { q }) => {
                return Self { model: Some(Name::Orbit), q: Some(Quantity(q)), ..Self::default() };
            }
        };
        let [horizontal, vertical] = [horizontal, vertical].map(|of| Some(Quantity(of)));
        Self { model, turn_deg_s, noise: Some(noise), horizontal, vertical, q: None }
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
            (named("orbit"), "model 1 of `models`: unknown field `noise` of motion model `orbit`: wanted `q`"),
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
            (text.replacen("vertical = 0.5\n", "", 1), "model 1 of `models`: missing field `vertical`: motion model"),
            (text.replace("sojourn_s = 20.0", "sojourn_s = -1.0"), "found -1, wanted a number from 0"),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn several_orbits_are_a_list_without_other_motion() {
        let head = "survival_per_s = 0.99\n";
        let calm = "[[models]]\nnoise = \"white_acceleration\"\nhorizontal = 0.3\nvertical = 0.5\nsojourn_s = 60.0\n";
        let falling =
            |q: f64, sojourn_s: f64| format!("[[models]]\nmodel = \"orbit\"\nq = {q:?}\nsojourn_s = {sojourn_s:?}\n");
        let orbit = |q, sojourn_s| Member { model: Orbit { q }.into(), sojourn_s };
        let orbits = Models::new(&[orbit(1e-4, 86400.0), orbit(0.01, 600.0)]).expect("two");
        let orbits = Motion { model: orbits.into(), survival_per_s: 0.99 };
        let text_of_orbits = format!("{head}\n{}\n{}", falling(1e-4, 86400.0), falling(0.01, 600.0));
        assert_eq!(read(&text_of_orbits), Ok(orbits));
        assert_eq!(toml::to_string(&orbits).expect("text"), text_of_orbits);
        for (text, wanted) in [
            (
                format!("{head}{calm}{}", falling(1e-6, 20.0)),
                "model 2 of `models`: found `orbit`, wanted none as the first",
            ),
            (
                format!("{head}{}{calm}", falling(1e-6, 20.0)),
                "model 2 of `models`: found no `orbit`, wanted `orbit` as",
            ),
            (format!("{head}{}{}", falling(1.0, 20.0), falling(0.0, 20.0)), "model 2 of `models`: `q`: found 0"),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.contains(wanted), "{error}");
        }
    }
}
