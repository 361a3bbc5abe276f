using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using Lethe.Proxy.Tests.Admin;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>The commands as a person types them, beside a running lethe and after it.</summary>
public sealed class ReadingCommandsTests : IAsyncLifetime
{
    private RecordedConversation conversation = null!;

    private string Data => conversation.Lethe.DataDirectory;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Sessions_show_the_tree_and_show_tells_the_conversation()
    {
        var tree = await LetheAsync("sessions");
        var lines = tree.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("SESSION", lines[0], StringComparison.Ordinal);
        Assert.Contains("└─ ", lines[2], StringComparison.Ordinal);

        var listed = JsonDocument.Parse(await LetheAsync("sessions", "--json", "--harness", "claude-code")).RootElement;
        Assert.Equal(
            ["to the agent prompt running", "first prompt running"],
            listed.EnumerateArray().Select(session => string.Join(' ', new[] { "title", "title_origin", "state" }.Select(name => session.GetProperty(name).GetString()))));
        Assert.Contains(" running ", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(" to the agent", lines[2].TrimEnd(), StringComparison.Ordinal);

        var told = await LetheAsync("show", RecordedConversation.MainSession);
        Assert.Contains("── turn 2", told, StringComparison.Ordinal);
        Assert.Contains("overloaded_error", told, StringComparison.Ordinal);
        Assert.Contains("→ Bash", told, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", told, StringComparison.Ordinal);

        var second = JsonDocument.Parse(await LetheAsync("show", RecordedConversation.MainSession, "--turn", "2", "--json")).RootElement;
        Assert.DoesNotContain(second.GetProperty("turns").EnumerateArray(), turn => turn.GetProperty("exchange").GetProperty("turn").GetProperty("seq").GetRawText() == "1");

        var (code, _, error) = await LetheProgram.RunAsync("show", "nobody", "--data", Data);
        Assert.Equal(1, code);
        Assert.Equal("lethe: no session answers to 'nobody'.\n", error);
    }

    [Fact]
    public async Task What_a_cut_call_cost_is_told_as_at_least_so_much()
    {
        Assert.DoesNotContain("≥", await LetheAsync("show", RecordedConversation.MainSession), StringComparison.Ordinal);
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "lethe.db")};Pooling=False"))
        {
            connection.Execute("UPDATE exchanges SET usage_final = 0 WHERE usage_final = 1");
        }

        Assert.Contains("≥ $0.0", await LetheAsync("show", RecordedConversation.MainSession), StringComparison.Ordinal);
        var id = JsonDocument.Parse((await LetheAsync("export")).Split('\n')[0]).RootElement.GetProperty("exchange_id").GetString();
        Assert.Contains("≥ $0.0", WebUtility.HtmlDecode(await conversation.Admin.GetStringAsync($"/exchanges/{id}")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_tells_what_became_of_the_cache()
    {
        var call = JsonDocument.Parse((await LetheAsync("export")).Split('\n')[0]).RootElement;
        var id = call.GetProperty("exchange_id").GetString()!;
        Assert.StartsWith("cache hit, certain\n", await LetheAsync("why", id), StringComparison.Ordinal);

        var cache = JsonDocument.Parse(await LetheAsync("why", id, "--json")).RootElement;
        Assert.Equal(("hit", "certain"), (cache.GetProperty("verdict").GetString(), cache.GetProperty("confidence").GetString()));
        Assert.Equal(call.GetProperty("cache").GetRawText(), cache.GetRawText());

        var (code, _, error) = await LetheProgram.RunAsync("why", "nothing", "--data", Data);
        Assert.Equal((1, "lethe: no exchange has the id 'nothing'.\n"), (code, error));
    }

    [Fact]
    public async Task A_conversation_of_odd_shapes_is_shown_and_commands_no_terminal()
    {
        await conversation.SendAsync("""
            [{"role":"user","content":[{"type":"function","function":"x"},{"type":"tool_result","content":{"type":5}},7,null,[[]],{"type":"text","text":"\u202e\u200bodd \ud83d"}]},
             {"role":"assistant","content":{"text":"no array"},"tool_calls":[{"type":"function","function":[]},{"function":{"name":1}},"x"]},
             {"role":"user","content":"\u001b]0;owned\u0007 and so on"},
             {"role":["user"],"content":3}, 5, null]
            """);
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);

        foreach (var format in (string[][])[[], ["--json"]])
        {
            var told = await LetheAsync(["show", RecordedConversation.MainSession, .. format]);
            Assert.DoesNotContain(told, character => (char.IsControl(character) && character != '\n') || character is '\u202e' or '\u200b');
        }

        Assert.Contains("[function]", await LetheAsync("show", RecordedConversation.MainSession), StringComparison.Ordinal);
        await LetheAsync("sessions");
        await LetheAsync("export", "--bodies");
        await LetheAsync("verify", "--parity");
    }

    [Fact]
    public async Task The_record_and_show_say_how_a_call_was_captured_and_what_that_changed()
    {
        var record = JsonDocument.Parse((await LetheAsync("export")).Split('\n')[0]).RootElement;
        Assert.Equal(("forwarding", "base_url"), (record.GetProperty("door").GetString(), record.GetProperty("capture_mode").GetString()));

        var told = await LetheAsync("show", RecordedConversation.MainSession);
        Assert.Single(told.Split('\n'), line => line.StartsWith("  captured by base_url: ", StringComparison.Ordinal) && line.Contains("Remote Control", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_writes_one_record_a_call_whole_private_and_without_credentials()
    {
        var file = Path.Combine(Path.GetDirectoryName(Data)!, "out.jsonl");
        await LetheAsync("export", "--bodies", "-o", file);
        var text = await File.ReadAllTextAsync(file);
        var records = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();

        Assert.Equal(RecordedConversation.Exchanges, records.Length);
        Assert.All(records, record => Assert.Equal("lethe.exchange.v1", record.GetProperty("schema").GetString()));
        Assert.Equal(records.Select(Captured).Order(StringComparer.Ordinal), records.Select(Captured));
        Assert.Contains("\"first\"", Encoding.UTF8.GetString(records[0].GetProperty("request").GetProperty("body_base64").GetBytesFromBase64()), StringComparison.Ordinal);
        Assert.DoesNotContain("body_base64", await LetheAsync("export"), StringComparison.Ordinal);
        Assert.Single((await LetheAsync("export", "--session", RecordedConversation.MainSession + "/a1b2c3")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(Data)!, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(content, Encoding.Latin1);
            Assert.DoesNotContain(RecordedConversation.Secret, await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Verify_is_fine_beside_a_running_lethe_and_names_what_was_broken()
    {
        Assert.StartsWith("fine: 4 exchanges", await LetheAsync("verify", "--parity"), StringComparison.Ordinal);
        var journal = Path.Combine(Data, "journal");
        var copy = Path.Combine(Path.GetDirectoryName(Data)!, "copy");
        Directory.CreateDirectory(Path.Combine(copy, "journal"));
        await LetheAsync("replay", "--into", copy);
        foreach (var file in Directory.GetFiles(journal, "*.*s"))
        {
            var bytes = await File.ReadAllTextAsync(file, Encoding.Latin1);
            await File.WriteAllTextAsync(Path.Combine(copy, "journal", Path.GetFileName(file)), bytes.Replace("third", "thirt", StringComparison.Ordinal), Encoding.Latin1);
        }


        var (code, output, _) = await LetheProgram.RunAsync("verify", "--json", "--data", copy);

        Assert.Equal(1, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.False(report.GetProperty("fine").GetBoolean());
        Assert.Equal("journal", report.GetProperty("faults")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Replay_gives_the_same_store_and_counts_nothing_twice()
    {
        var other = Path.Combine(Path.GetDirectoryName(Data)!, "other");
        Assert.Equal("4 exchanges in the journal, all 4 missing in the store\n", await LetheAsync("replay", "--dry-run", "--into", other));
        Assert.Equal("4 replayed, 0 skipped, 0 in conflict, 0 rejected\n", await LetheAsync("replay", "--into", other));
        Assert.Equal("0 replayed, 4 skipped, 0 in conflict, 0 rejected\n", await LetheAsync("replay", "--into", other));
        Assert.Equal("4 exchanges in the journal, 0 missing in the store, 0 held otherwise\n", await LetheAsync("replay", "--dry-run"));

        var (_, again, _) = await LetheProgram.RunAsync("export", "--data", other);

        Assert.Equal(await LetheAsync("export"), again.Replace("\"replayed\":true", "\"replayed\":false", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_says_null_of_bodies_that_are_held_no_longer_and_never_shows_another_call_s()
    {
        var other = Path.Combine(Path.GetDirectoryName(Data)!, "other");
        await LetheAsync("replay", "--into", other);
        var (_, gone, _) = await LetheProgram.RunAsync("export", "--bodies", "--data", other);
        Assert.Equal(2 * RecordedConversation.Exchanges, Regex.Count(gone, "\"body_base64\":null"));

        // A journal that was begun anew: its lines stand where others stood.
        var journal = Directory.CreateDirectory(Path.Combine(other, "journal")).FullName;
        var segment = Directory.GetFiles(Path.Combine(Data, "journal"), "*.lines").Single();
        var lines = (await File.ReadAllTextAsync(segment)).Split('\n');
        var first = JsonDocument.Parse(gone.Split('\n')[0]).RootElement.GetProperty("exchange_id").GetString()!;
        var at = Array.FindIndex(lines, line => line.Contains(first, StringComparison.Ordinal));
        lines[at] = lines[at].Replace(first, Guid.Empty.ToString(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(journal, Path.GetFileName(segment)), string.Join('\n', lines));
        var (_, begun, _) = await LetheProgram.RunAsync("export", "--bodies", "--data", other);
        Assert.Equal(2, Regex.Count(begun.Split('\n')[0], "\"body_base64\":null"));
    }

    [Theory]
    [InlineData("replaying the journal …", "replay")]
    [InlineData("comparing the journal with the store …", "replay", "--dry-run")]
    [InlineData("comparing the journal with the store …", "verify", "--parity")]
    [InlineData("writing the records …", "export", "-o", "out.jsonl")]
    public async Task Long_work_tells_a_terminal_how_far_it_is_and_nobody_else(string step, params string[] args)
    {
        string[] command = [.. args, "--data", Data];
        var (_, _, error) = await LetheProgram.RunInAsync(Path.GetDirectoryName(Data)!, command);
        Assert.Equal("", error);

        Assert.Contains(step, await LetheProgram.RunOnTerminalAsync(Path.GetDirectoryName(Data)!, command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_prints_what_ends_from_now_on()
    {
        using var tail = LetheProgram.Start(AppContext.BaseDirectory, "tail", "--json", "-n", "0", "--data", Data);
        var line = tail.ReadLineAsync("{");
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (!line.IsCompleted)
        {
            // Said again until the tail, which starts at its own time, has begun to listen.
            await conversation.SayAsync("listen");
            await tick.WaitForNextTickAsync();
        }

        var record = JsonDocument.Parse(await line).RootElement;
        Assert.Equal(RecordedConversation.MainSession, record.GetProperty("session").GetProperty("harness_session_id").GetString());
        tail.Signal(LetheProgram.SigInt);
        Assert.Equal(0, (await tail.ExitAsync()).ExitCode);
    }

    private static string Captured(JsonElement record) => record.GetProperty("captured_at").GetString()! + record.GetProperty("exchange_id").GetString();

    private async Task<string> LetheAsync(params string[] args)
    {
        var (code, output, error) = await LetheProgram.RunAsync([.. args, "--data", Data]);
        Assert.True(code == 0, $"{string.Join(' ', args)} exited {code}: {error}{output}");
        return output;
    }
}
