using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Admin;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>Everything captured is hostile: no verb prints what commands a terminal, turns the direction of writing, or writes over what stands there.</summary>
public sealed class HostileTextTests : IAsyncLifetime
{
    // Clear the screen, a link elsewhere (OSC 8), the one-byte CSI, a title, overriding and isolating directions, a line begun anew, and what has no width.
    private const string Hostile = "\u001b[2J\u001b]8;;http://canary.example\u001b\\link\u001b]8;;\u0007 \u009b31m\u0090 \u202Eback\u202C \u2066apart\u2069\u061C over\rwritten\u0008 \u200Bhidden\uFEFF \u2028line";

    private RecordedConversation conversation = null!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task No_verb_prints_what_commands_a_terminal()
    {
        await SayAsync();
        var call = (await conversation.GetAsync("/v1/exchanges?limit=200")).GetProperty("items").EnumerateArray().Single(call => call.GetProperty("model_requested").GetString() == Hostile).GetProperty("exchange_id").GetString()!;
        string[][] verbs =
        [
            ["sessions"], ["sessions", "--json"], ["show"], ["show", "--json"], ["search", "hostileword"], ["search", "hostileword", "--json"],
            ["stats", "--by", "model"], ["stats", "--by", "project"], ["stats", "--by", "harness", "--json"], ["why", call], ["why", call, "--json"],
            ["raw", call], ["raw", call, "response"], ["raw", call, "headers"], ["raw", call, "system"], ["raw", call, "tools"], ["raw", call, "curl"],
            ["export", "--bodies"], ["export", "--format", "html"], ["export", "--format", "har"], ["export", "--format", "transcript"],
            ["export", "--format", "openai-messages"], ["export", "--format", "anthropic-messages"],
            ["journal", "cat"], ["dead", "list"], ["verify", "--parity"], ["status"], ["config"],
        ];
        foreach (var verb in verbs)
        {
            var told = await ToldAsync(verb);
            var at = told.AsSpan().IndexOfAnyExcept(Plain);
            Assert.True(at < 0, $"{string.Join(' ', verb)} printed U+{(at < 0 ? 0 : (int)told[at]):X4} behind '{told[Math.Max(0, at - 80)..Math.Max(0, at)]}'");
        }

        // What is said of it on stderr too.
        var (code, error) = await FailedAsync("show", Hostile);
        Assert.Equal((1, -1), (code, error.AsSpan().IndexOfAnyExcept(Plain)));
    }

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue).Select(code => (char)code).Where(IsPlain)]);

    private static bool IsPlain(char character) => character == '\n'
        || char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private async Task SayAsync()
    {
        var text = JsonSerializer.Serialize("hostileword " + Hostile);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages?" + Uri.EscapeDataString(Hostile))
        {
            Content = new StringContent(
                $$$"""
                {"model":{{{JsonSerializer.Serialize(Hostile)}}},"max_tokens":100,"system":{{{text}}},"tools":[{"name":{{{text}}},"description":{{{text}}},"input_schema":{"type":"object"}}],
                 "messages":[{"role":"user","content":{{{text}}}},{"role":"assistant","content":[{"type":"tool_use","id":{{{text}}},"name":{{{text}}},"input":{"command":{{{text}}}}}]},
                             {"role":"user","content":[{"type":"tool_result","tool_use_id":{{{text}}},"content":{{{text}}},"is_error":true}]}]}
                """,
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.TryAddWithoutValidation("user-agent", "claude-cli/2.1.329");
        request.Headers.TryAddWithoutValidation("x-lethe-harness-session-id", Uri.EscapeDataString(Hostile));
        request.Headers.TryAddWithoutValidation("x-lethe-session-name", Uri.EscapeDataString(Hostile));
        request.Headers.TryAddWithoutValidation("x-lethe-cwd", Uri.EscapeDataString("/home/" + Hostile));
        using var response = await conversation.Lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await conversation.GetAsync("/v1/search?q=hostileword")).GetProperty("items").GetArrayLength() == 0)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private async Task<string> ToldAsync(params string[] verb)
    {
        // What is exported does not go through the writers that are given here.
        var file = verb[0] == "export" ? Path.Combine(conversation.Lethe.DataDirectory, "exported") : null;
        using StringWriter output = new(), error = new();
        var code = await LetheApplication.RunAsync([.. verb, .. file is null ? Array.Empty<string>() : ["-o", file], "--data", conversation.Lethe.DataDirectory], output, error);
        return code == 0 ? file is null ? output.ToString() : await File.ReadAllTextAsync(file) : throw new InvalidOperationException($"{string.Join(' ', verb)} exited {code}: {error}{output}");
    }

    private async Task<(int Code, string Error)> FailedAsync(params string[] verb)
    {
        using StringWriter output = new(), error = new();
        return (await LetheApplication.RunAsync([.. verb, "--data", conversation.Lethe.DataDirectory], output, error), error.ToString());
    }
}
