using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>The SQLite file: created private, gated by kind and version, in WAL mode. https://www.sqlite.org/wal.html</summary>
public static class LetheDatabase
{
    /// <summary>«Leth», in the file's header (https://www.sqlite.org/fileformat2.html, offset 68).</summary>
    public const int ApplicationId = 0x4C657468;

    public const string FileName = "lethe.db";

    private const int BusyTimeoutMilliseconds = 15_000;
    private const int WalConversionTriesMax = 50;
    private static readonly TimeSpan WalConversionPause = TimeSpan.FromMilliseconds(20);

    static LetheDatabase()
    {
        SQLitePCL.Batteries_V2.Init();
        StoredId.Register();
    }

    /// <summary>Opens the store for writing; creates it, or brings an older one up to date. Any number of first openers succeed.</summary>
    /// <exception cref="StoreRefusedException">The file is of another kind, or of a newer version.</exception>
    public static Task<SqliteConnection> OpenAsync(string path, TimeProvider time, CancellationToken cancel = default) =>
        OpenAsync(path, SqliteSchema.Steps, time, cancel);

    /// <param name="steps">The schema that the store has then.</param>
    internal static async Task<SqliteConnection> OpenAsync(string path, IReadOnlyList<Migration> steps, TimeProvider time, CancellationToken cancel = default)
    {
        CreatePrivate(path);
        var connection = Connect(path, SqliteOpenMode.ReadWrite);
        try
        {
            RefuseForeign(connection, path, steps[^1].Version);
            await TurnOnWalAsync(connection, time, cancel).ConfigureAwait(false);
            connection.Execute("PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32000;");
            MigrationGate.Pass(connection, path, steps);
            Migrate(connection, path, steps, time);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a store in memory that connections of this process share by its name; it is gone with the last of them.</summary>
    /// <param name="isWriter">True makes the schema; a reader changes nothing.</param>
    internal static SqliteConnection OpenMemory(string name, bool isWriter, TimeProvider time)
    {
        var connection = Connect($"file:/{name}?vfs=memdb", SqliteOpenMode.ReadWriteCreate);
        try
        {
            if (isWriter)
            {
                Migrate(connection, name, SqliteSchema.Steps, time);
            }
            else if (connection.ExecuteScalar<int>("PRAGMA user_version") != SqliteSchema.Latest)
            {
                throw new StoreRefusedException($"There is no store {name} in this process's memory.");
            }

            connection.Execute(isWriter ? "PRAGMA query_only = OFF" : "PRAGMA query_only = ON");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens an existing store for reading; never changes it.</summary>
    /// <exception cref="StoreRefusedException">There is no store, or it is not of this program's kind and version.</exception>
    public static SqliteConnection OpenReadOnly(string path)
    {
        if (!File.Exists(path))
        {
            throw new StoreRefusedException($"There is no store at {path}.");
        }

        try
        {
            return OpenReadOnly(path, path);
        }
        catch (SqliteException refused) when (refused.SqliteErrorCode is SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY && ReadOnlyMedium.Holds(path))
        {
            return OpenReadOnly(path, ReadOnlyMedium.SourceOf(path));
        }
    }

    private static SqliteConnection OpenReadOnly(string path, string source)
    {
        var connection = Connect(source, SqliteOpenMode.ReadOnly);
        try
        {
            RefuseForeign(connection, path, SqliteSchema.Latest);
            var version = connection.ExecuteScalar<int>("PRAGMA user_version");
            return version == SqliteSchema.Latest
                ? connection
                : throw new StoreRefusedException($"{path} is a Lethe store of version {version}; expected version {SqliteSchema.Latest}. Run the writer once to bring it up to date.");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusyTimeoutMilliseconds / 1000,
        }.ToString());
        connection.Open();
        connection.Execute($"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}; PRAGMA foreign_keys = ON;");
        return connection;
    }

    // SQLite makes the file with the process's umask, and -wal and -shm with the mode of the file: so the file must be private first.
    private static void CreatePrivate(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory && !Directory.Exists(directory))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        if (!File.Exists(path))
        {
            File.Open(path, options).Dispose();
        }
    }

    private static void RefuseForeign(SqliteConnection connection, string path, int latest)
    {
        int kind, version, objects;
        try
        {
            // One statement, one snapshot: another first opener may be about to stamp the file and fill it.
            (kind, version, objects) = connection.QuerySingle<(int, int, int)>(
                "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_application_id, pragma_user_version");
        }
        catch (SqliteException notADatabase) when (notADatabase.SqliteErrorCode == SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw new StoreRefusedException($"{path} is not a SQLite database; expected a Lethe store or an empty file.", notADatabase);
        }

        if (kind == ApplicationId ? version > latest : kind != 0 || version != 0 || objects != 0)
        {
            throw new StoreRefusedException(kind == ApplicationId
                ? $"{path} is a Lethe store of version {version}, written by a newer Lethe; expected at most version {latest}."
                : $"{path} is not a Lethe store: expected application_id {ApplicationId:x8}, found {kind:x8}, version {version}, {objects} objects.");
        }
    }

    // The busy handler is not called for this change of mode, so it is retried here.
    private static async Task TurnOnWalAsync(SqliteConnection connection, TimeProvider time, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL") == "wal")
                {
                    return;
                }
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED && tries < WalConversionTriesMax)
            {
                // Tried again below.
            }

            if (tries >= WalConversionTriesMax)
            {
                throw new StoreRefusedException($"{connection.DataSource} could not be put into WAL mode; another process holds it.");
            }

            await Task.Delay(WalConversionPause * Math.Min(tries, 10), time, cancel).ConfigureAwait(false);
        }
    }

    private static void Migrate(SqliteConnection connection, string path, IReadOnlyList<Migration> steps, TimeProvider time)
    {
        using var transaction = connection.BeginTransaction();
        RefuseForeign(connection, path, steps[^1].Version);
        var version = connection.ExecuteScalar<int>("PRAGMA user_version", transaction: transaction);
        foreach (var migration in steps.Where(migration => migration.Version > version))
        {
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                  version    INTEGER PRIMARY KEY,
                  name       TEXT NOT NULL,
                  sha256     TEXT NOT NULL,
                  applied_at INTEGER NOT NULL
                );
                INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (@Version, @Name, @Sha256, @appliedAt);
                """,
                new { migration.Version, migration.Name, migration.Sha256, appliedAt = Microseconds.Of(time.GetUtcNow()) },
                transaction);
        }

        connection.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {steps[^1].Version};", transaction: transaction);
        transaction.Commit();
    }
}
