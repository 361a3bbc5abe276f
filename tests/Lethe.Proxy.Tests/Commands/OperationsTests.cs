using System.Text.Json;
using Lethe.Proxy.Tests.Admin;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>What keeps a recorder in order, as a person types it: status, dead letters, backup and restore, and reading where nothing may be written.</summary>
public sealed class OperationsTests : IAsyncLifetime
{
    private RecordedConversation conversation = null!;

    private string Data => conversation.Lethe.DataDirectory;

    private string Scratch => Path.GetDirectoryName(Data)!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Status_tells_how_the_running_lethe_is_and_exits_1_where_none_runs()
    {
        var told = JsonDocument.Parse(await LetheAsync("status", "--json")).RootElement;
        Assert.True(told.GetProperty("ready").GetBoolean());
        Assert.Equal(conversation.Lethe.Host.Doors.Admin, told.GetProperty("doors").GetProperty("admin").GetString());
        Assert.Equal("following", told.GetProperty("state").GetProperty("ingest").GetString());
        Assert.Equal(0, told.GetProperty("state").GetProperty("open_calls").GetInt32());
        Assert.True(told.GetProperty("disk").GetProperty("store_bytes").GetInt64() > 0);
        Assert.Contains("ready", await LetheAsync("status"), StringComparison.Ordinal);

        var (code, output, error) = await LetheProgram.RunAsync("status", "--data", Path.Combine(Scratch, "nobody"));
        Assert.Equal((1, $"no lethe runs on {Path.Combine(Scratch, "nobody")}\n", ""), (code, output, error));
    }

    [Fact]
    public async Task A_backup_of_a_running_lethe_is_a_data_directory_that_says_the_same()
    {
        var backup = Path.Combine(Scratch, "backup");
        Assert.StartsWith("fine: 4 exchanges", await LetheAsync("backup", backup), StringComparison.Ordinal);
        await conversation.SayAsync("after the backup");
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);

        var restored = Path.Combine(Scratch, "restored");
        var (code, output, error) = await LetheProgram.RunAsync("restore", backup, "--data", restored);

        Assert.True(code == 0, output + error);
        Assert.Contains("fine: 4 exchanges", output, StringComparison.Ordinal);
        var (_, records, _) = await LetheProgram.RunAsync("export", "--bodies", "--data", restored);
        var now = await LetheAsync("export", "--bodies");
        Assert.Equal(now.Split('\n')[..RecordedConversation.Exchanges], records.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            await File.ReadAllBytesAsync(Directory.GetFiles(Data, "*.key").Single()), await File.ReadAllBytesAsync(Directory.GetFiles(restored, "*.key").Single()));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(restored, "*", SearchOption.AllDirectories).Append(restored))
            {
                Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead));
            }
        }
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    public async Task Nothing_is_written_over(string verb)
    {
        var taken = Directory.CreateDirectory(Path.Combine(Scratch, "taken")).FullName;
        await File.WriteAllTextAsync(Path.Combine(taken, "mine"), "mine");
        string[] args = verb == "backup" ? ["backup", taken, "--data", Data] : ["restore", Data, "--data", taken];

        var (code, _, error) = await LetheProgram.RunAsync(args);

        Assert.Equal((3, $"lethe: {taken} is not empty.\n"), (code, error));
        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(taken).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_dead_letter_is_listed_shown_and_delivered_again()
    {
        Assert.Equal("", await LetheAsync("dead", "list"));
        await ExecuteAsync("CREATE TRIGGER refuse BEFORE INSERT ON exchanges BEGIN SELECT RAISE(ABORT, 'refused by a test'); END");
        await conversation.SayAsync("refused");
        var letter = await UntilAsync(() => LetheAsync("dead", "list"), list => list.Length > 0);
        Assert.Contains("  DB_CONSTRAINT  ", letter, StringComparison.Ordinal);
        var key = letter.Split("  ")[2];
        Assert.Contains("refused by a test", JsonDocument.Parse(await LetheAsync("dead", "show", key)).RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, "lethe: no dead letter answers to 'nobody'.\n"), await FailAsync("dead", "show", "nobody"));
        Assert.Equal(1, (await FailAsync("dead", "requeue", "--all")).ExitCode);

        await ExecuteAsync("DROP TRIGGER refuse");

        Assert.Equal($"{key}  stored\n1 stored, 0 left\n", await LetheAsync("dead", "requeue", key));
        Assert.Equal("", await LetheAsync("dead", "list"));
        Assert.StartsWith("fine: 5 exchanges", await LetheAsync("verify", "--parity"), StringComparison.Ordinal);
        Assert.Contains(key, await LetheAsync("export"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requeue_takes_a_key_or_all()
    {
        Assert.Equal(2, (await FailAsync("dead", "requeue")).ExitCode);
        Assert.Equal(2, (await FailAsync("dead", "requeue", "x", "--all")).ExitCode);
    }

    [Fact]
    public async Task A_row_that_was_changed_is_told_with_what_the_journal_says()
    {
        await ExecuteAsync("UPDATE exchanges SET status = 418, reply_text = CAST('other words' AS BLOB) WHERE status = 200");

        var (code, output, _) = await LetheProgram.RunAsync("verify", "--parity", "--json", "--data", Data);

        Assert.Equal(1, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.False(report.GetProperty("fine").GetBoolean());
        Assert.Equal(
            ["reply", "status"],
            report.GetProperty("faults").EnumerateArray().Where(fault => fault.GetProperty("kind").GetString() == "content").Select(fault => fault.GetProperty("reason").GetString()).Distinct().Order());
        Assert.DoesNotContain("other words", output, StringComparison.Ordinal);
        Assert.Contains("status is 418, 200 by the journal", output, StringComparison.Ordinal);
        Assert.Equal(1, (await FailAsync("replay", "--dry-run")).ExitCode);
    }

    [Fact]
    public async Task A_replay_that_meets_other_content_under_a_key_exits_1()
    {
        await ExecuteAsync("UPDATE receipts SET content_hash = zeroblob(32) WHERE commit_key = (SELECT commit_key FROM exchanges ORDER BY ingested LIMIT 1)");

        var (code, output, _) = await LetheProgram.RunAsync("replay", "--data", Data);

        Assert.Equal((1, "0 replayed, 3 skipped, 1 in conflict, 0 rejected\n"), (code, output));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "--parity")]
    public async Task A_journal_that_is_gone_is_told(params string[] verify)
    {
        var copy = Path.Combine(Scratch, "copy");
        await LetheAsync("backup", copy);
        Directory.Delete(Path.Combine(copy, "journal"), recursive: true);

        var (code, output, _) = await LetheProgram.RunAsync([.. verify, "--data", copy]);

        Assert.Equal(1, code);
        Assert.Contains("unjournalled", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anchor_shows_that_a_journal_was_cut_short_or_written_anew()
    {
        var copy = Path.Combine(Scratch, "earlier");
        await LetheAsync("backup", copy);
        await conversation.SayAsync("one more");
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);
        var file = Path.Combine(Scratch, "anchor.json");
        await LetheAsync("journal", "anchor", "-o", file);
        await conversation.SayAsync("and another");

        Assert.StartsWith("fine: ", await LetheAsync("verify", "--anchor", file), StringComparison.Ordinal);
        var (code, output, _) = await LetheProgram.RunAsync("verify", "--anchor", file, "--data", copy);
        Assert.Equal(1, code);
        Assert.Contains("anchor truncated", output, StringComparison.Ordinal);

        var head = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement.GetProperty("head").GetString()!;
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(head, new string('0', 64), StringComparison.Ordinal));
        (code, output, _) = await LetheProgram.RunAsync("verify", "--anchor", file, "--data", Data);
        Assert.Equal(1, code);
        Assert.Contains("anchor rewritten", output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "{}");
        Assert.Equal(2, (await FailAsync("verify", "--anchor", file)).ExitCode);
    }

    [Fact]
    public async Task The_journal_is_shown_line_by_line_with_what_was_said()
    {
        var lines = (await LetheAsync("journal", "cat")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        Assert.Equal("header", lines[0].GetProperty("kind").GetString());
        var exchanges = lines.Where(line => line.GetProperty("kind").GetString() == "exchange").ToArray();
        Assert.Equal(RecordedConversation.Exchanges, exchanges.Length);
        Assert.Equal("kept", exchanges[0].GetProperty("content").GetString());
        Assert.Equal("/v1/messages", exchanges[0].GetProperty("request").GetProperty("path").GetString());
        Assert.Contains("\"first\"", exchanges[0].GetProperty("request").GetProperty("body").GetString(), StringComparison.Ordinal);
        Assert.Contains("Hello", exchanges[0].GetProperty("response").GetProperty("body").GetString(), StringComparison.Ordinal);
        Assert.Equal("", await LetheAsync("journal", "cat", "--segment", "7"));
        Assert.Equal("", await LetheAsync("journal", "cat", "--since", "2100-01-01"));
    }

    [Fact]
    public async Task What_may_only_be_read_is_read()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var copy = Path.Combine(Scratch, "read-only");
        await LetheAsync("backup", copy);
        var all = Directory.EnumerateFileSystemEntries(copy, "*", SearchOption.AllDirectories).Append(copy).ToArray();
        foreach (var path in all)
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | (Directory.Exists(path) ? UnixFileMode.UserExecute : UnixFileMode.None));
        }

        try
        {
            foreach (var args in (string[][])[["export"], ["sessions"], ["verify", "--parity"], ["dead", "list"]])
            {
                var (code, output, error) = await LetheProgram.RunReadOnlyAsync(copy, [.. args, "--data", copy]);
                Assert.True(code == 0, $"{string.Join(' ', args)} exited {code}: {error}{output}");
            }

            Assert.Equal(all.Order(), Directory.EnumerateFileSystemEntries(copy, "*", SearchOption.AllDirectories).Append(copy).Order());
        }
        finally
        {
            foreach (var path in all)
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }

    private static async Task<string> UntilAsync(Func<Task<string>> ask, Func<string, bool> holds)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            bound.Token.ThrowIfCancellationRequested();
            if (await ask() is var answer && holds(answer))
            {
                return answer;
            }
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "lethe.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<(int ExitCode, string Error)> FailAsync(params string[] args)
    {
        var (code, _, error) = await LetheProgram.RunAsync([.. args, "--data", Data]);
        return (code, error);
    }

    private async Task<string> LetheAsync(params string[] args)
    {
        var (code, output, error) = await LetheProgram.RunAsync([.. args, "--data", Data]);
        Assert.True(code == 0, $"{string.Join(' ', args)} exited {code}: {error}{output}");
        return output;
    }
}
