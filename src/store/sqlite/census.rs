//! Tasks counted by where they stand and when they are due.

use crate::store::Result;

use super::Pool;

/// Standing, deadline where it matters, and how many.
pub(in crate::store) async fn census(pool: &Pool) -> Result<Vec<(String, Option<String>, i64)>> {
    Ok(sqlx::query_as(
        "SELECT standing, CASE WHEN standing IN ('open', 'acknowledged') THEN state->>'due' END AS due, COUNT(*) \
         FROM tasks GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await?)
}
