//! A plan as it is written down: what could be made, and why not something else.

use std::path::Path;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Money, Preview, Price, Result};
use serde::{Deserialize, Serialize};

/// Which shape of document this is.
pub(crate) const VERSION: u32 = 1;

/// The largest file that is read as a plan, in bytes.
const LARGEST: u64 = 8 << 20;

/// A plan: the JSON of `machine plan -o json`, and what `machine create --plan` reads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Its shape.
    pub(crate) version: u32,
    /// When it was made.
    pub(crate) made_at: Timestamp,
    /// What could be made, best first.
    pub(crate) choices: Vec<Choice>,
    /// What could not, and why.
    pub(crate) refused: Vec<Refused>,
    /// Who could not be asked.
    pub(crate) failed: Vec<Failed>,
}

/// One machine that could be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// Its place in the order, from 1.
    pub(crate) number: usize,
    /// The account, as `--provider` names it.
    pub(crate) provider: String,
    /// Where.
    pub(crate) region: Option<String>,
    /// Other regions that would do as well, at the same price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also_in: Vec<String>,
    /// How big, in the provider's word.
    pub(crate) size: Option<String>,
    /// Processors, where that is known.
    pub(crate) cpus: Option<f64>,
    /// Memory in MiB, where that is known.
    pub(crate) memory_mib: Option<u64>,
    /// What it costs.
    pub(crate) price: Price,
    /// The most that a month costs.
    pub(crate) monthly: Money,
    /// What creating it would do.
    pub(crate) preview: Preview,
}

/// What could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// The account.
    pub(crate) provider: String,
    /// Where; everywhere where nothing stands here.
    pub(crate) regions: Vec<String>,
    /// How big; however big where nothing stands here.
    pub(crate) size: Option<String>,
    /// Why not, in a sentence.
    pub(crate) why: String,
}

/// An account that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    /// The account.
    pub(crate) provider: String,
    /// What went wrong.
    pub(crate) why: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// The exit code of a command that fails of this alone.
    pub(crate) code: u8,
}

impl Document {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a file that cannot be read, or is no plan of this version.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let refuse = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Invalid, format!("`--plan {}`: {why}", file.display()))
                .with_hint("`machine plan -o json` writes one")
        };
        let size = std::fs::metadata(file).map_err(|error| refuse(&error))?.len();
        if size > LARGEST {
            return Err(refuse(&"it is larger than any plan"));
        }
        let text = std::fs::read(file).map_err(|error| refuse(&error))?;
        let plan: Self =
            serde_json::from_slice(&text).map_err(|error| refuse(&format_args!("it is no plan: {error}")))?;
        if plan.version != VERSION {
            return Err(refuse(&format_args!("it is a plan of version {}, and {VERSION} is known here", plan.version)));
        }
        Ok(plan)
    }

    /// The choice of that number.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such choice.
    pub(crate) fn choice(self, number: usize) -> Result<Choice> {
        let known = self.choices.len();
        self.choices
            .into_iter()
            .find(|choice| choice.number == number)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("the plan has no choice {number}; it has {known}")))
    }
}

impl Choice {
    /// Refuses the choice where it is not what would be made now.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with what has changed.
    pub(crate) fn still_holds(&self, now: &Preview) -> Result<()> {
        let then = &self.preview;
        let changed = |what: String| {
            Err(Error::new(ErrorKind::Conflict, format!("the plan does not hold any more: {what}"))
                .with_hint("`machine plan` makes another"))
        };
        match now.price {
            None => return changed("nobody knows what it costs now".to_owned()),
            Some(price) if price.hourly > self.price.hourly => {
                return changed(format!("the price rose from {} to {} an hour", self.price.hourly, price.hourly));
            }
            Some(_) => {}
        }
        for (what, then, now) in
            [("region", &then.region, &now.region), ("size", &then.size, &now.size), ("image", &then.image, &now.image)]
        {
            if then != now {
                let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
                return changed(format!("its {what} would be `{}`, and was to be `{}`", word(now), word(then)));
            }
        }
        if (&then.requests, &then.steps) != (&now.requests, &now.steps) {
            return changed("the flags or the configuration are not those that it was made with".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use machine_core::PlannedRequest;
    use serde_json::json;

    use super::*;

    fn choice() -> Choice {
        let price = Price { hourly: Money::from_micros(8_930), monthly_cap: None };
        let request = PlannedRequest { method: "POST".into(), path: "/v2/droplets".into(), body: json!({"size": "s"}) };
        let preview = Preview {
            region: Some("nyc3".to_owned()),
            size: Some("s".to_owned()),
            price: Some(price),
            requests: vec![request],
            ..Preview::default()
        };
        Choice {
            number: 1,
            provider: "do".to_owned(),
            region: preview.region.clone(),
            also_in: Vec::new(),
            size: preview.size.clone(),
            cpus: None,
            memory_mib: None,
            price,
            monthly: Money::from_micros(6_000_000),
            preview,
        }
    }

    #[test]
    fn a_plan_holds_until_something_changes() {
        let choice = choice();
        let now = choice.preview.clone();
        choice.still_holds(&now).unwrap();
        let cheaper = Price { hourly: Money::from_micros(1), monthly_cap: None };
        choice.still_holds(&Preview { price: Some(cheaper), ..now.clone() }).unwrap();
        let dearer = Price { hourly: Money::from_micros(9_000), monthly_cap: None };
        for (now, says) in [
            (Preview { price: Some(dearer), ..now.clone() }, "the price rose from $0.00893 to $0.009"),
            (Preview { price: None, ..now.clone() }, "nobody knows"),
            (Preview { region: None, ..now.clone() }, "its region would be `nothing`"),
            (Preview { image: Some("debian-13".to_owned()), ..now.clone() }, "its image would be `debian-13`"),
            (Preview { requests: Vec::new(), ..now.clone() }, "the flags or the configuration"),
        ] {
            let error = choice.still_holds(&now).unwrap_err();
            assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_choice_is_there_or_not() {
        let plan = || Document {
            version: VERSION,
            made_at: Timestamp::UNIX_EPOCH,
            choices: vec![choice()],
            refused: Vec::new(),
            failed: Vec::new(),
        };
        assert_eq!(plan().choice(1).unwrap(), choice());
        assert_eq!(plan().choice(2).unwrap_err().kind(), ErrorKind::NotFound);
        let text = serde_json::to_string(&plan()).unwrap();
        let read: Document = serde_json::from_str(&text).unwrap();
        assert_eq!(read.choices, plan().choices);
    }
}
