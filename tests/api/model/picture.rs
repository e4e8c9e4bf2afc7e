//! What model and system are compared by: lines of text, the same for both.

use std::fmt::Write as _;

use time::Date;

use super::customer::Customer;
use super::item::{Charge, Item};

/// Everything that can be seen of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture(pub Vec<String>);

/// What an item is like on a day.
pub struct Facts<'a> {
    /// `scheduled`, `active`, `ended` or `withdrawn`.
    pub status: &'a str,
    /// Key of the plan or add-on.
    pub tariff: &'a str,
    /// Units.
    pub units: u32,
    /// First and last day.
    pub days: (Date, Option<Date>),
    /// Last day charged.
    pub charged_through: Option<Date>,
    /// Day on which the pending change takes effect, and the units then.
    pub change: Option<(Date, u32)>,
    /// Earliest end of a cancellation received today.
    pub earliest_end: Option<Date>,
}

/// A charge with what its credits left of it.
pub struct Billed {
    /// Key of the price.
    pub price: String,
    /// First and last day.
    pub days: (Date, Date),
    /// Units.
    pub units: i128,
    /// Cents of the charge and of each credit, with the day of the document.
    pub parts: Vec<(i128, Option<Date>)>,
}

impl Picture {
    /// Adds an item; what is over is only named.
    pub fn item(&mut self, number: usize, facts: &Facts<'_>, charges: &[Billed]) {
        let mut line = format!("#{number} {}", facts.status);
        if matches!(facts.status, "active" | "scheduled") {
            let Facts {
                tariff, units, days, ..
            } = facts;
            write!(line, " {tariff} ×{units} {}..{}", days.0, or_dash(days.1)).expect("text");
            write!(line, " charged through {}", or_dash(facts.charged_through)).expect("text");
            if let Some((day, units)) = facts.change {
                write!(line, ", ×{units} from {day}").expect("text");
            }
            write!(line, ", could end {}", or_dash(facts.earliest_end)).expect("text");
        }
        self.0.push(line);
        let sum = |charge: &&Billed| charge.parts.iter().map(|part| part.0).sum::<i128>() != 0;
        let mut lines: Vec<String> = charges.iter().filter(sum).map(|charge| charge.line(number)).collect();
        lines.sort();
        self.0.extend(lines);
    }

    /// Adds the documents: day, whether it corrects, number of lines, net and tax.
    pub fn documents(&mut self, mut papers: Vec<(Date, bool, usize, i128, i128)>) {
        papers.sort_unstable();
        for (day, corrects, lines, net, tax) in papers {
            let name = if corrects { "correction" } else { "invoice" };
            self.0.push(format!("{name} {day} {lines} lines {net} + {tax}"));
        }
    }

    /// The lines that differ, this picture's with `-` and the other's with `+`.
    pub fn difference(&self, other: &Self) -> String {
        let only = |left: &[String], right: &[String], sign| {
            let lines = left.iter().filter(|line| !right.contains(line));
            lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
        };
        only(&self.0, &other.0, "-") + &only(&other.0, &self.0, "+")
    }
}

impl Billed {
    fn line(&self, number: usize) -> String {
        let Self { price, days, units, .. } = self;
        let mut parts: Vec<String> = self
            .parts
            .iter()
            .map(|(cents, day)| format!("{cents} on {}", or_dash(*day)))
            .collect();
        parts[1..].sort();
        format!("#{number} {price} ×{units} {}..{} {}", days.0, days.1, parts.join(", "))
    }
}

fn or_dash(day: Option<Date>) -> String {
    day.map_or_else(|| "-".to_owned(), |day| day.to_string())
}

/// The model's picture.
pub fn of_model(customer: &Customer) -> Picture {
    let mut picture = Picture::default();
    for (number, item) in customer.items.iter().enumerate() {
        let today = customer.today;
        let phase = item.phase(today);
        let change = item.pending_change().map(|change| &item.changes[change]);
        let facts = Facts {
            status: status(item, today),
            tariff: &phase.tariff.key,
            units: phase.units,
            days: (item.starts, item.ends),
            charged_through: item.billed_through(),
            change: change.and_then(|change| Some((change.effective, change.target.as_ref()?.1))),
            earliest_end: customer.could_end(number),
        };
        picture.item(number, &facts, &billed(customer, item));
    }
    let papers = customer.documents.iter();
    picture.documents(
        papers
            .map(|paper| (paper.day, paper.corrects, paper.lines, paper.net, paper.tax))
            .collect(),
    );
    picture
}

fn status(item: &Item, today: Date) -> &'static str {
    if item.withdrawn.is_some() {
        "withdrawn"
    } else if item.ends.is_some_and(|end| end < today) {
        "ended"
    } else if today < item.starts {
        "scheduled"
    } else {
        "active"
    }
}

fn billed(customer: &Customer, item: &Item) -> Vec<Billed> {
    let day = |part: &Charge| part.billed.map(|paper| customer.documents[paper].day);
    let roots = item
        .charges
        .iter()
        .enumerate()
        .filter(|(_, charge)| !charge.void && charge.reduces.is_none());
    let bills = roots.map(|(index, charge)| {
        let credits = item
            .charges
            .iter()
            .filter(|credit| !credit.void && credit.reduces == Some(index));
        Billed {
            price: charge.price.clone(),
            days: (charge.from, charge.through),
            units: i128::from(charge.units),
            parts: std::iter::once(charge)
                .chain(credits)
                .map(|part| (part.cents, day(part)))
                .collect(),
        }
    });
    bills.collect()
}
