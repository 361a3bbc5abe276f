using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lethe.Proxy.Tests.Admin;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>What a person reads at a terminal: which session is meant, in which zone times are, a screen at a time, and nothing that commands the terminal.</summary>
public sealed partial class TerminalTests(TerminalTests.Recorded recorded) : IClassFixture<TerminalTests.Recorded>
{
    private static readonly string Here = AppContext.BaseDirectory;

    private string Data => recorded.Conversation.Lethe.DataDirectory;

    [Fact]
    public async Task A_session_is_the_newest_or_what_is_meant_and_several_are_listed()
    {
        var newest = (await LetheAsync("sessions", "--json")).Parsed()[0].GetProperty("session_id").GetString();
        Assert.StartsWith($"session {newest}\n", await LetheAsync("show"), StringComparison.Ordinal);

        var (code, output, error) = await LetheProgram.RunAsync("show", RecordedConversation.MainSession[..12], "--data", Data);
        Assert.Equal((1, ""), (code, output));
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"lethe: several sessions answer to '{RecordedConversation.MainSession[..12]}':", lines[0]);
        Assert.Equal(2, lines.Skip(1).Count(line => line.Contains("  claude-code  ", StringComparison.Ordinal)));
        // What was listed is what is typed next.
        Assert.StartsWith("session ", await LetheAsync("show", lines[1].Trim()[..8]), StringComparison.Ordinal);

        Assert.Contains("── turn 1", await LetheAsync("show", RecordedConversation.MainSession, "--turn", "1"), StringComparison.Ordinal);
        Assert.Equal(1, (await LetheProgram.RunAsync("show", RecordedConversation.MainSession, "--turn", "99", "--data", Data)).ExitCode);
    }

    [Fact]
    public async Task Times_are_local_and_with_utc_in_utc()
    {
        foreach (var verb in (string[][])[["sessions"], ["show"], ["search", "first"]])
        {
            var local = FirstTime(await InKolkataAsync(verb));
            Assert.Equal(TimeSpan.FromMinutes(330), local - FirstTime(await InKolkataAsync([.. verb, "--utc"])));
        }
    }

    [Fact]
    public async Task Tail_begins_with_the_last_ones_and_takes_only_what_was_asked_for()
    {
        Assert.Equal(["529"], await TailAsync(1, record => record.GetProperty("status").GetRawText(), "--outcome", "upstream_error"));
        Assert.Equal(["200", "200"], await TailAsync(2, record => record.GetProperty("status").GetRawText(), "-n", "2", "--model", "claude-sonnet-4-5", "--since", "1h"));
        Assert.Equal(
            [RecordedConversation.MainSession + "/a1b2c3"],
            await TailAsync(1, record => record.GetProperty("session").GetProperty("harness_session_id").GetString()!, "--session", RecordedConversation.MainSession + "/a1b2c3"));

        var (code, _, error) = await LetheProgram.RunAsync("tail", "-n", "-1", "--data", Data);
        Assert.Equal((2, true), (code, error.Contains("--lines takes a number from 0.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_terminal_has_a_pager_and_a_pipe_has_none()
    {
        var named = new Dictionary<string, string> { ["PAGER"] = "sed s/^/paged:/" };
        foreach (var verb in (string[][])[["sessions"], ["show"], ["search", "first"], ["stats"], ["raw", await CallAsync(), "headers"]])
        {
            var (code, shown) = await LetheProgram.OnTerminalAsync(Here, named, "", [.. verb, "--data", Data]);
            Assert.True(code == 0 && shown.Contains("paged:", StringComparison.Ordinal), $"{verb[0]} ended with {code}: {shown}");
        }

        using var piped = LetheProgram.Start(Here, named, "show", "--data", Data);
        Assert.DoesNotContain("paged:", (await piped.ExitAsync()).Output, StringComparison.Ordinal);

        // Less, when it has the screen to itself; and a reader who has read enough.
        Assert.Contains("session ", (await LetheProgram.OnTerminalAsync(Here, new Dictionary<string, string> { ["PAGER"] = "" }, "q", "show", "--data", Data)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await LetheProgram.OnTerminalAsync(Here, new Dictionary<string, string> { ["PAGER"] = "true" }, "", "show", "--data", Data)).ExitCode);
        Assert.Equal(3, (await LetheProgram.OnTerminalAsync(Here, new Dictionary<string, string> { ["PAGER"] = "no-such-pager" }, "", "sessions", "--data", Data)).ExitCode);
    }

    [Fact]
    public async Task Nothing_that_was_captured_commands_the_terminal()
    {
        // The reply holds an escape that turns what follows red.
        foreach (var verb in (string[][])[["show"], ["search", "Hello"], ["sessions"], ["stats", "--by", "project"], ["export", "--format", "html"]])
        {
            var told = await LetheAsync(verb);
            Assert.DoesNotContain(told, character => char.IsControl(character) && character is not '\n');
        }

        var (_, shown) = await LetheProgram.OnTerminalAsync(Here, new Dictionary<string, string> { ["PAGER"] = "cat", ["NO_COLOR"] = "1" }, "", "raw", await CallAsync(), "response", "--data", Data);
        Assert.Contains("Hello", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_takes_only_what_was_asked_for()
    {
        Assert.Equal(1, Lines(await LetheAsync("export", "--outcome", "upstream_error", "--provider", "anthropic", "--harness", "claude-code")));
        Assert.Equal(0, Lines(await LetheAsync("export", "--until", "1h")));
        Assert.Equal(RecordedConversation.Exchanges, Lines(await LetheAsync("export", "--since", "1h", "--model", "claude-sonnet-4-5")));

        var (code, _, error) = await LetheProgram.RunAsync("export", "--format", "html", "--harness", "codex", "--data", Data);
        Assert.Equal((2, true), (code, error.Contains("it does not go with --harness", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Bash_completes_every_verb_and_option_that_there_is()
    {
        var script = (await LetheProgram.RunAsync("completions", "bash")).Output;
        var verbs = LetheApplication.Verbs();
        var asked = new List<(string[] Words, string[] Wanted)> { ([""], [.. verbs.Subcommands.Select(verb => verb.Name)]) };
        foreach (var verb in verbs.Subcommands)
        {
            asked.Add(([verb.Name, "--"], [.. Long(verb), "--data"]));
            asked.AddRange(verb.Subcommands.Select(below => ((string[])[verb.Name, below.Name, "--"], (string[])[.. Long(below), "--data"])));
        }

        asked.Add((["export", "--format", ""], ["jsonl", "html", "har", "transcript", "openai-messages", "anthropic-messages"]));
        asked.Add((["--data", "somewhere", "token", ""], ["create", "list", "revoke"]));
        asked.Add((["raw", "an-id", "c"], ["curl"]));
        asked.Add((["exec", "ech"], ["echo"]));
        var lines = string.Concat(asked.Select(line => $"COMP_WORDS=(lethe {string.Join(' ', line.Words.Select(word => $"'{word}'"))}); COMP_CWORD={line.Words.Length}; COMPREPLY=(); _lethe; echo \"${{COMPREPLY[*]}}\"\n"));
        var completed = (await BashAsync(script + lines)).Split('\n');

        Assert.All(asked.Index(), at => Assert.Subset(completed[at.Index].Split(' ').ToHashSet(), at.Item.Wanted.ToHashSet()));
        Assert.DoesNotContain("--format", completed[asked.FindIndex(line => line.Words is ["tail", _])], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fish_completes_verbs_options_and_their_values()
    {
        var completed = await CompletedByFishAsync("lethe ", "lethe export --", "lethe export --format ", "lethe --data somewhere token ", "lethe raw an-id c", "lethe exec ech", "lethe tail --");
        Assert.Subset(completed[0], LetheApplication.Verbs().Subcommands.Select(verb => verb.Name).ToHashSet());
        Assert.Subset(completed[1], Long(LetheApplication.Verbs().Subcommands.Single(verb => verb.Name == "export")).Append("--data").ToHashSet());
        Assert.Equal(["anthropic-messages", "har", "html", "jsonl", "openai-messages", "transcript"], completed[2].Order(StringComparer.Ordinal));
        Assert.Equal(["create", "list", "revoke"], completed[3].Order(StringComparer.Ordinal));
        Assert.Contains("curl", completed[4]);
        Assert.Contains("echo", completed[5]);
        Assert.DoesNotContain("--format", completed[6]);
    }

    [Fact]
    public async Task Zsh_completes_verbs_options_and_their_values()
    {
        var completed = await CompletedByZshAsync(["''"], ["export", "--"], ["export", "--format", "''"], ["--data", "somewhere", "token", "''"], ["raw", "an-id", "c"], ["exec", "ech"], ["tail", "--"]);
        Assert.Subset(completed[0], LetheApplication.Verbs().Subcommands.Select(verb => verb.Name).ToHashSet());
        Assert.Subset(completed[1], Long(LetheApplication.Verbs().Subcommands.Single(verb => verb.Name == "export")).Append("--data").ToHashSet());
        Assert.Equal(["anthropic-messages", "har", "html", "jsonl", "openai-messages", "transcript"], completed[2].Order(StringComparer.Ordinal));
        Assert.Subset(completed[3], new HashSet<string> { "create", "list", "revoke" });
        Assert.Contains("curl", completed[4]);
        Assert.Contains("echo", completed[5]);
        Assert.DoesNotContain("--format", completed[6]);
    }

    private static async Task<HashSet<string>[]> CompletedByFishAsync(params string[] lines)
    {
        var script = (await LetheProgram.RunAsync("completions", "fish")).Output + string.Concat(lines.Select(line => $"complete -C '{line}'; echo ---\n"));
        return [.. (await ShellAsync("fish", "--no-config", "-c", script)).Split("---\n")[..^1].Select(words => Lines(words, word => word.Split('\t')[0]))];
    }

    // What its completion system would be given.
    private static async Task<HashSet<string>[]> CompletedByZshAsync(params string[][] lines)
    {
        const string System = """
            compdef() { }
            _describe() { print -rl -- "${(@)${(@P)2}%%:*}" }
            compadd() { shift; print -rl -- "$@" }
            _command_names() { print -rl -- ${(k)builtins} ${(k)commands} }
            _files() { print -r -- a-file }
            _message() { }

            """;
        var script = System + (await LetheProgram.RunAsync("completions", "zsh")).Output
            + string.Concat(lines.Select(words => $"words=(lethe {string.Join(' ', words)}); CURRENT={words.Length + 1}; _lethe; print -r -- ---\n"));
        return [.. (await ShellAsync("zsh", "-f", "-c", script)).Split("---\n")[..^1].Select(words => Lines(words, word => word))];
    }

    private static HashSet<string> Lines(string text, Func<string, string> word) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(word)];

    private static IEnumerable<string> Long(Command verb) => verb.Options.SelectMany(option => option.Aliases.Prepend(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));

    private static Task<string> BashAsync(string script) => ShellAsync("bash", "--norc", "-c", script);

    private static async Task<string> ShellAsync(string shell, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(shell, args) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{shell} ended with {process.ExitCode}: {output}");
    }

    private static int Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private static DateTime FirstTime(string text) => DateTime.ParseExact(Time().Match(text).Value, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")]
    private static partial Regex Time();

    private async Task<string> InKolkataAsync(string[] args)
    {
        using var lethe = LetheProgram.Start(Here, new Dictionary<string, string> { ["TZ"] = "Asia/Kolkata" }, [.. args, "--data", Data]);
        var (code, output, error) = await lethe.ExitAsync();
        return code == 0 ? output : throw new InvalidOperationException(error);
    }

    // The first lines that it prints; then it is told to end.
    private async Task<string[]> TailAsync(int count, Func<JsonElement, string> fact, params string[] args)
    {
        using var tail = LetheProgram.Start(Here, ["tail", "--json", .. args, "--data", Data]);
        var facts = new List<string>();
        while (facts.Count < count)
        {
            facts.Add(fact((await tail.ReadLineAsync("{")).Parsed()));
        }

        tail.Signal(LetheProgram.SigInt);
        var (code, output, _) = await tail.ExitAsync();
        Assert.Equal((0, count), (code, Lines(output)));
        return [.. facts];
    }

    private async Task<string> CallAsync() => (await LetheAsync("export")).Split('\n')[0].Parsed().GetProperty("exchange_id").GetString()!;

    private async Task<string> LetheAsync(params string[] args)
    {
        var (code, output, error) = await LetheProgram.RunAsync([.. args, "--data", Data]);
        return code == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', args)} exited {code}: {error}{output}");
    }

    /// <summary>One lethe that has heard a conversation, for all of these.</summary>
    public sealed class Recorded : IAsyncLifetime
    {
        internal RecordedConversation Conversation { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Conversation = await RecordedConversation.StartAsync();
            // Searched for, once it can be.
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while ((await Conversation.GetAsync("/v1/search?q=first")).GetProperty("behind").GetInt64() > 0)
            {
                await tick.WaitForNextTickAsync(bound.Token);
            }
        }

        public async Task DisposeAsync() => await Conversation.DisposeAsync();
    }
}

internal static class JsonOfOutput
{
    public static JsonElement Parsed(this string json) => JsonDocument.Parse(json).RootElement;
}
