//! The seeds as stories over HTTP, one file each: told on both databases, with the same JSON.

mod crm_add_ons;
mod legal_texts;
mod legal_texts_slots;
mod premium_support;
pub mod story;
mod video_consultation;
mod video_consultation_farewell;
mod video_consultation_mails;
