using System.Text.Json;
using Lethe.Ingest.Tests.Postgres;
using Lethe.Proxy.Tests.Admin;
using Npgsql;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>What keeps a recorder in order, where its store is a PostgreSQL.</summary>
public sealed class PostgresCommandsTests : IAsyncLifetime
{
    private static int databases;

    private readonly string database = NewDatabase();
    private RecordedConversation conversation = null!;

    private string Data => conversation.Lethe.DataDirectory;

    private string Scratch => Path.GetDirectoryName(Data)!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync(options =>
        (options.Sink, options.Postgres.ConnectionString) = ("postgres", PostgresServer.Shared.ConnectionString(database)));

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Verify_looks_at_the_database_and_beside_the_journal()
    {
        Assert.StartsWith("fine: 4 exchanges", await LetheAsync("verify", "--parity"), StringComparison.Ordinal);
        Execute("UPDATE exchanges SET status = 418 WHERE status = 200; UPDATE sessions SET turns = turns + 1");

        var (code, output, _) = await RunAsync(Data, database, "verify", "--parity", "--json");

        Assert.Equal(1, code);
        var kinds = JsonDocument.Parse(output).RootElement.GetProperty("faults").EnumerateArray().Select(fault => fault.GetProperty("kind").GetString()).Distinct().Order();
        Assert.Equal(["content", "counter"], kinds);
        Assert.Contains("status is 418, 200 by the journal", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_fills_another_database_and_a_file_and_stores_nothing_twice()
    {
        var records = await LetheAsync("export");
        Assert.Equal("0 replayed, 4 skipped, 0 in conflict, 0 rejected\n", await LetheAsync("replay"));
        Assert.Equal("4 exchanges in the journal, 0 missing in the store, 0 held otherwise\n", await LetheAsync("replay", "--dry-run"));
        var empty = NewDatabase();
        Assert.Equal((0, "4 replayed, 0 skipped, 0 in conflict, 0 rejected\n"), await ToldAsync(empty, "replay"));
        Assert.Equal(0, (await ToldAsync(empty, "verify", "--parity")).ExitCode);
        Assert.Equal((0, records), await ToldAsync(empty, "export"));

        var file = Path.Combine(Scratch, "file");
        Assert.Equal("4 replayed, 0 skipped, 0 in conflict, 0 rejected\n", await LetheAsync("replay", "--into", file));
        Assert.Equal(records, (await LetheProgram.RunAsync("export", "--data", file)).Output);
    }

    [Fact]
    public async Task A_dead_letter_is_delivered_again()
    {
        Execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation USING MESSAGE = 'refused by a test'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON exchanges FOR EACH ROW EXECUTE FUNCTION refuse();
            """);
        await conversation.SayAsync("refused");
        var letter = "";
        using (var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
        {
            while (letter.Length == 0)
            {
                bound.Token.ThrowIfCancellationRequested();
                letter = await LetheAsync("dead", "list");
            }
        }

        Assert.Contains("  DB_CONSTRAINT  ", letter, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(Data, database, "dead", "requeue", "--all")).ExitCode);

        Execute("DROP TRIGGER refuse ON exchanges");

        var key = letter.Split("  ")[2];
        Assert.Equal($"{key}  stored\n1 stored, 0 left\n", await LetheAsync("dead", "requeue", key));
        Assert.Equal("", await LetheAsync("dead", "list"));
        Assert.StartsWith("fine: 5 exchanges", await LetheAsync("verify", "--parity"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_is_of_journal_and_keys_and_says_where_the_store_is()
    {
        var backup = Path.Combine(Scratch, "backup");

        var told = await LetheAsync("backup", backup);

        Assert.Contains("fine: 4 exchanges", told, StringComparison.Ordinal);
        Assert.Contains($"the store is the database {database} on 127.0.0.1:", told, StringComparison.Ordinal);
        Assert.Contains("pg_dump", told, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(backup, "lethe.db")));
        Assert.Single(Directory.GetFiles(backup, "*.key"));

        // Into a database that lacks all of it: what a dump from before the backup lacks is taken in too.
        var restored = Path.Combine(Scratch, "restored");
        var empty = NewDatabase();
        var (code, output, error) = await RunAsync(restored, empty, "restore", backup);
        Assert.True(code == 0, output + error);
        Assert.Contains("4 replayed", output, StringComparison.Ordinal);
        Assert.Contains("fine: 4 exchanges", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_tells_of_the_store_and_a_database_that_is_away_is_of_the_environment()
    {
        var told = JsonDocument.Parse(await LetheAsync("status", "--json")).RootElement;
        Assert.True(told.GetProperty("ready").GetBoolean());
        Assert.True(told.GetProperty("state").GetProperty("store_reachable").GetBoolean());

        foreach (var verb in (string[][])[["verify"], ["replay"], ["replay", "--dry-run"], ["dead", "list"], ["sessions"], ["restore", Data]])
        {
            var directory = verb[0] == "restore" ? Path.Combine(Scratch, "away") : Data;
            var (code, output, error) = await LetheProgram.RunAsync(
                [.. verb, "--data", directory, "--Lethe:Sink=postgres", "--Lethe:Postgres:ConnectionString=Host=127.0.0.1;Port=1;Username=nobody;Timeout=2"]);
            Assert.True(code == 3, $"{string.Join(' ', verb)} exited {code}: {output}{error}");
        }
    }

    private static string NewDatabase()
    {
        var name = $"commands_{Interlocked.Increment(ref databases)}";
        PostgresServer.Shared.Create(name);
        return name;
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(string data, string database, params string[] args) => LetheProgram.RunAsync(
        [.. args, "--data", data, "--Lethe:Sink=postgres", $"--Lethe:Postgres:ConnectionString={PostgresServer.Shared.ConnectionString(database)}"]);

    private void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(PostgresServer.Shared.ConnectionString(database) + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private async Task<(int ExitCode, string Output)> ToldAsync(string other, params string[] args)
    {
        var (code, output, error) = await RunAsync(Data, other, args);
        return (code, output + error);
    }

    private async Task<string> LetheAsync(params string[] args)
    {
        var (code, output, error) = await RunAsync(Data, database, args);
        Assert.True(code == 0, $"{string.Join(' ', args)} exited {code}: {error}{output}");
        return output;
    }
}
