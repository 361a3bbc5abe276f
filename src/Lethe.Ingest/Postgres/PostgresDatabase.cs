using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Npgsql;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>The schema of a PostgreSQL database: made, gated by version and checksum, and brought up to date.</summary>
internal static class PostgresDatabase
{
    /// <summary>Held while the schema is made: of many recorders that start at once one makes it.</summary>
    private const long SchemaLock = 0x4C657468_73746570;

    static PostgresDatabase() => StoredId.Register();

    /// <summary>All steps in order.</summary>
    public static IReadOnlyList<Migration> Steps { get; } = Migration.Load("Lethe.Ingest.Postgres");

    /// <param name="isPatient">True where a statement may take as long as the store is large.</param>
    public static NpgsqlDataSource Connect(string connectionString, bool isPatient = false)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "lethe" };
        settings.MaxAutoPrepare = settings.MaxAutoPrepare == 0 ? 100 : settings.MaxAutoPrepare;
        settings.AutoPrepareMinUsages = 2;
        settings.CommandTimeout = isPatient ? 0 : settings.CommandTimeout;
        return NpgsqlDataSource.Create(settings);
    }

    /// <summary>Makes the schema, or brings an older one up to date.</summary>
    /// <exception cref="StoreRefusedException">It is another one, or a newer version's; the database is as it was.</exception>
    public static void Migrate(NpgsqlConnection connection, TimeProvider time)
    {
        using var transaction = connection.BeginTransaction();
        var statements = new PostgresStatements(connection);
        statements.Scalar($"SELECT pg_advisory_xact_lock({SchemaLock})::text");
        statements.Run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
              version    integer PRIMARY KEY,
              name       text NOT NULL,
              sha256     text NOT NULL,
              applied_at bigint NOT NULL
            )
            """);
        var version = Check(statements);
        foreach (var step in Steps.Where(step => step.Version > version))
        {
            statements.Run(step.Sql);
            statements.Run(
                "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
                new NpgsqlParameter { Value = step.Version },
                Of(step.Name),
                Of(step.Sha256),
                Of(Microseconds.Of(time.GetUtcNow())));
        }

        transaction.Commit();
    }

    /// <summary>Refuses a database that this program may not read.</summary>
    /// <exception cref="StoreRefusedException">There is no store in it, or one of another version.</exception>
    public static void RequireLatest(NpgsqlConnection connection)
    {
        var statements = new PostgresStatements(connection);
        if (statements.Scalar("SELECT to_regclass('schema_migrations')::text") is null)
        {
            throw new StoreRefusedException($"There is no Lethe store in the database {connection.Database} on {connection.Host}.");
        }

        if (Check(statements) is var version && version != Steps[^1].Version)
        {
            throw new StoreRefusedException(
                $"The database {connection.Database} holds a Lethe store of version {version}; expected version {Steps[^1].Version}. Run the writer once to bring it up to date.");
        }
    }

    // The version; each step that was taken must be the one that this program knows.
    private static int Check(PostgresStatements statements)
    {
        var version = 0;
        foreach (var (number, sha256) in statements.Query("SELECT version, sha256 FROM schema_migrations ORDER BY version", row => (row.GetInt32(0), row.GetString(1))))
        {
            version = number;
            if (number > Steps[^1].Version)
            {
                throw new StoreRefusedException($"The database holds a Lethe store of version {number}, written by a newer Lethe; expected at most version {Steps[^1].Version}.");
            }

            if (Steps.FirstOrDefault(step => step.Version == number) is { } known && known.Sha256 != sha256)
            {
                throw new StoreRefusedException($"Step {number} of the schema is not the one that this Lethe knows: expected {known.Sha256}, found {sha256}.");
            }
        }

        return version;
    }
}
