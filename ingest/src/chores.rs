//! What every pass does before it polls anyone: erasures are carried out, so that nothing new is fetched for who wants to be
//! gone, and the ends of authorizations are foreseen.

use sea_orm::DbErr;

use crate::pipeline::Pipeline;
use crate::{erase, expiry};

/// Does them. An erasure that fails is recorded and taken up by the next pass; it stops nobody.
pub async fn before_polling(pipeline: &Pipeline) -> Result<(), DbErr> {
    erase::all(pipeline).await?;
    expiry::foresee(&pipeline.db, pipeline.clock.now()).await
}
