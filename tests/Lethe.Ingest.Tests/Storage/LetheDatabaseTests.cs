using Dapper;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Storage;

public sealed class LetheDatabaseTests : IDisposable
{
    private readonly string directory = TestStore.NewDirectory();

    private string File => Path.Combine(directory, "sub", LetheDatabase.FileName);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_new_store_is_private_before_anything_is_in_it()
    {
        using var connection = await LetheDatabase.OpenAsync(File, TimeProvider.System);
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(File)!))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task The_modes_that_durability_rests_on_are_set()
    {
        using var connection = await LetheDatabase.OpenAsync(File, TimeProvider.System);

        Assert.Equal("wal", connection.ExecuteScalar<string>("PRAGMA journal_mode"));
        Assert.Equal((1, 1, 15_000, LetheDatabase.ApplicationId), (
            connection.ExecuteScalar<int>("PRAGMA synchronous"),
            connection.ExecuteScalar<int>("PRAGMA foreign_keys"),
            connection.ExecuteScalar<int>("PRAGMA busy_timeout"),
            connection.ExecuteScalar<int>("PRAGMA application_id")));
        Assert.Equal(Migration.All.Select(migration => migration.Sha256), connection.Query<string>("SELECT sha256 FROM schema_migrations ORDER BY version"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_store_of_an_earlier_version_gets_the_schema_of_a_new_one_and_keeps_its_rows(int version)
    {
        await using var fresh = await LetheDatabase.OpenAsync(File, TimeProvider.System);
        var path = File + ".earlier";
        using (var earlier = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            earlier.Open();
            foreach (var migration in Migration.All.Take(version))
            {
                earlier.Execute(migration.Sql);
            }

            earlier.Execute(
                $"""
                PRAGMA application_id = {LetheDatabase.ApplicationId};
                PRAGMA user_version = {version};
                INSERT INTO routes VALUES (1, '', '', '', '', '', '', '', '');
                INSERT INTO callers VALUES (1, '', '', '');
                INSERT INTO exchanges (ingested, exchange_id, org, commit_key, captured_at, route, caller, stream, outcome, has_reply, is_turn, attempt, request_bytes,
                  request_truncated, response_bytes, response_truncated)
                VALUES (7, zeroblob(16), 1, 'key', 1, 1, 1, 0, 'completed', 0, 0, 1, 2, 0, 3, 0);
                """);
        }

        await using var upToDate = await LetheDatabase.OpenAsync(path, TimeProvider.System);

        Assert.Equal(Schema(fresh), Schema(upToDate));
        Assert.Equal((7, "key", 3), upToDate.QuerySingle<(int, string, int)>("SELECT ingested, commit_key, response_bytes FROM exchanges"));
    }

    [Fact]
    public async Task All_of_many_first_openers_succeed()
    {
        var openers = Enumerable.Range(0, 12).Select(_ => Task.Run(() => LetheDatabase.OpenAsync(File, TimeProvider.System)));
        foreach (var connection in await Task.WhenAll(openers))
        {
            Assert.Equal(Migration.Latest, connection.ExecuteScalar<int>("PRAGMA user_version"));
            connection.Dispose();
        }
    }

    [Theory]
    [InlineData("CREATE TABLE notes (text)", "not a Lethe store: expected application_id 4c657468, found 00000000, version 0, 1 objects")]
    [InlineData("PRAGMA application_id = 17; PRAGMA user_version = 3", "not a Lethe store: expected application_id 4c657468, found 00000011, version 3, 0 objects")]
    [InlineData("PRAGMA application_id = 0x4C657468; PRAGMA user_version = 99", "a Lethe store of version 99, written by a newer Lethe; expected at most version 4")]
    public async Task A_file_of_another_kind_or_a_newer_version_is_refused_and_left_as_it_is(string sql, string told)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        using (var foreign = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            foreign.Open();
            foreign.Execute(sql);
        }

        var before = await System.IO.File.ReadAllBytesAsync(File);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => LetheDatabase.OpenAsync(File, TimeProvider.System));

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await System.IO.File.ReadAllBytesAsync(File));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var text = string.Concat(Enumerable.Repeat("no database at all\n", 100));
        await System.IO.File.WriteAllTextAsync(File, text);

        await Assert.ThrowsAsync<StoreRefusedException>(() => LetheDatabase.OpenAsync(File, TimeProvider.System));
        Assert.Equal(text, await System.IO.File.ReadAllTextAsync(File));
    }

    [Fact]
    public async Task A_reader_never_makes_or_changes_a_store()
    {
        Assert.Throws<StoreRefusedException>(() => LetheDatabase.OpenReadOnly(File));
        Assert.False(System.IO.File.Exists(File));

        (await LetheDatabase.OpenAsync(File, TimeProvider.System)).Dispose();
        using var reader = LetheDatabase.OpenReadOnly(File);
        Assert.Equal(SQLitePCL.raw.SQLITE_READONLY, Assert.Throws<SqliteException>(() => reader.Execute("DELETE FROM sessions")).SqliteErrorCode);
    }

    private static IEnumerable<(string Name, string? Sql)> Schema(SqliteConnection connection) =>
        connection.Query<(string, string?)>("SELECT name, sql FROM sqlite_master ORDER BY name");
}
