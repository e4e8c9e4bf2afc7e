//! To which contract a declaration belongs: what proves it, and what merely hints at it.

use std::collections::BTreeSet;

use super::DeclarationContent;

/// Characters of contract numbers: base 32 without letters and digits that look alike.
const ALPHABET: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Length of a contract number.
const CONTRACT_NUMBER: usize = 8;
/// How many words of a declaration are looked up.
const MOST_WORDS: usize = 20;

/// A contract that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The contract (`sub_`).
    pub subscription_id: String,
    /// Its unguessable number.
    pub contract_number: String,
    /// Whose contract it is.
    pub customer_id: String,
    /// The customer's number.
    pub customer_number: String,
    /// The e-mail address on file.
    pub email: String,
    /// The customer's name.
    pub name: String,
}

/// Why a contract could be meant, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The declaration names its contract number.
    ContractNumber,
    /// The e-mail address on file is given.
    Email,
    /// The customer number is given.
    CustomerNumber,
    /// The name is the same.
    Name,
}

impl Evidence {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContractNumber => "contract_number",
            Self::Email => "email",
            Self::CustomerNumber => "customer_number",
            Self::Name => "name",
        }
    }
}

/// A contract that could be meant, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The contract.
    pub candidate: Candidate,
    /// Why, the strongest first; never empty.
    pub evidence: Vec<Evidence>,
}

/// By what contracts are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Words that have the shape of a contract number.
    pub contract_numbers: Vec<String>,
    /// E-mail addresses as given, and in small letters.
    pub emails: Vec<String>,
    /// Customer numbers.
    pub customer_numbers: Vec<String>,
}

/// The contract number, if the declaration names the contract by nothing else. A number somewhere in a sentence is only a
/// hint: the sentence may say the opposite ("all but …").
pub fn contract_number_in(content: &DeclarationContent) -> Option<String> {
    let text: String = content
        .contract()
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .collect();
    contract_number(&text)
}

/// Whether the declaration proves whose contract it is: the unguessable contract number together with the e-mail address on
/// file. Nothing less has an effect without a person looking at it.
pub fn is_proven(content: &DeclarationContent, candidate: &Candidate) -> bool {
    let number = contract_number_in(content).is_some_and(|number| number == candidate.contract_number);
    let is_part = matches!(content, DeclarationContent::Withdrawal(declared) if declared.part.is_some());
    number && !is_part && gives_email(content, candidate)
}

/// What staff look for when a declaration proves nothing.
pub fn named(content: &DeclarationContent) -> Named {
    let words = || {
        content
            .contract()
            .split(|character: char| !character.is_alphanumeric() && !matches!(character, '-' | '_' | '.' | '/'))
            .filter(|word| !word.is_empty())
    };
    let numbers: BTreeSet<String> = words()
        .filter_map(contract_number)
        .chain(contract_number_in(content))
        .collect();
    let emails: BTreeSet<String> = content
        .emails()
        .into_iter()
        .flat_map(|email| [email.to_owned(), fold(email)])
        .collect();
    let given = match content {
        DeclarationContent::Cancellation(declared) => declared.identity.customer_number.clone(),
        DeclarationContent::Withdrawal(_) => None,
    };
    let customer_numbers: BTreeSet<String> = given.into_iter().chain(words().map(str::to_owned)).collect();
    Named {
        contract_numbers: numbers.into_iter().take(MOST_WORDS).collect(),
        emails: emails.into_iter().collect(),
        customer_numbers: customer_numbers.into_iter().take(MOST_WORDS).collect(),
    }
}

/// The contracts that could be meant, the best founded first; those nothing speaks for are left out.
pub fn rank(content: &DeclarationContent, candidates: &[Candidate]) -> Vec<Match> {
    let named = named(content);
    let mut matches: Vec<Match> = candidates
        .iter()
        .map(|candidate| Match {
            evidence: evidence(content, &named, candidate),
            candidate: candidate.clone(),
        })
        .filter(|found| !found.evidence.is_empty())
        .collect();
    matches.sort_by(|left, right| {
        left.evidence[0]
            .cmp(&right.evidence[0])
            .then(right.evidence.len().cmp(&left.evidence.len()))
            .then(left.candidate.subscription_id.cmp(&right.candidate.subscription_id))
    });
    matches
}

fn evidence(content: &DeclarationContent, named: &Named, candidate: &Candidate) -> Vec<Evidence> {
    let found = [
        (
            Evidence::ContractNumber,
            named.contract_numbers.contains(&candidate.contract_number),
        ),
        (Evidence::Email, gives_email(content, candidate)),
        (
            Evidence::CustomerNumber,
            named.customer_numbers.contains(&candidate.customer_number),
        ),
        (Evidence::Name, fold(content.name()) == fold(&candidate.name)),
    ];
    found
        .into_iter()
        .filter_map(|(evidence, speaks)| speaks.then_some(evidence))
        .collect()
}

fn gives_email(content: &DeclarationContent, candidate: &Candidate) -> bool {
    content
        .emails()
        .iter()
        .any(|email| fold(email) == fold(&candidate.email))
}

/// `word` as a contract number, in capitals; `None` if it has not the shape of one.
fn contract_number(word: &str) -> Option<String> {
    let capitals = word.to_ascii_uppercase();
    let fits = capitals.len() == CONTRACT_NUMBER && capitals.chars().all(|character| ALPHABET.contains(character));
    fits.then_some(capitals)
}

/// Capital and small letters are the same to people.
fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
