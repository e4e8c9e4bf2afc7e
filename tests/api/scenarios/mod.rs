//! The seeds as stories over HTTP, one file each: told on both databases, with the same JSON.

mod crm_add_ons;
mod legal_texts;
pub mod story;
mod video_consultation;
mod video_consultation_mails;
