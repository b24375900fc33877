//! The databases of the private server.

use sqlx::{AssertSqlSafe, Connection};

use crate::embedded::{DATABASE, Embedded};
use crate::error::StoreError;
use crate::store::Store;

impl Embedded {
    /// Makes one more database on this server and gives its address.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it exists or `name` is not made of small letters, digits
    /// and `_`.
    pub async fn create_database(&self, name: &str) -> Result<String, StoreError> {
        let name = plain(name)?;
        self.order(format!("create database {name}")).await?;
        Ok(self.place.url(name))
    }

    /// Removes a database with all that it holds; whoever is connected to it is cut off.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none of that name.
    pub async fn drop_database(&self, name: &str) -> Result<(), StoreError> {
        let name = plain(name)?;
        self.order(format!("drop database {name} with (force)")).await
    }

    pub(super) async fn ensure_database(&self) -> Result<(), StoreError> {
        match Store::open(&self.url()).await {
            Ok(store) => {
                store.close().await;
                Ok(())
            }
            Err(StoreError::NoDatabase { .. }) => self.create_database(DATABASE).await.map(drop),
            Err(other) => Err(other),
        }
    }

    async fn order(&self, statement: String) -> Result<(), StoreError> {
        let mut connection = Store::open(&self.place.url("postgres")).await?.connect().await?;
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

/// A name that needs no quotes.
fn plain(name: &str) -> Result<&str, StoreError> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && !name.is_empty() {
        return Ok(name);
    }
    let message = format!("'{name}' is no name for a database");
    Err(StoreError::Refused(sqlx::Error::InvalidArgument(message)))
}
