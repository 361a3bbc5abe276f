using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Page;

/// <summary>Why a cache was missed, from pairs of requests that went through the door, to the words on the page; where nobody can know, it says so.</summary>
public sealed partial class CacheReasonTests : IAsyncLifetime
{
    private const string Opus = "claude-opus-4-5";
    private const string Sonnet = "claude-sonnet-4-5";

    private static readonly ModelUsage Writes = new(5, 0, 20_000, 10);
    private static readonly ModelUsage WritesAgain = new(5, 0, 20_300, 10);

    private readonly ShiftedTime clock = new();
    private ScriptedModel model = null!;
    private LetheUnderTest lethe = null!;
    private ModelReply next = new ModelReply.Say("hello");
    private int said;

    private delegate object Part(int turn);

    /// <summary>The second of two calls, with what differs in it, and what the page says: the heading and reason, or null where nothing was lost.</summary>
    private sealed record Pair(string Code, string Confidence, string? Words)
    {
        public Part Model { get; init; } = _ => Opus;
        public Part Tools { get; init; } = _ => Named("Read", "Bash");
        public Part System { get; init; } = _ => "you";
        public Part Messages { get; init; } = turn => turn == 1 ? [Marked("hi")] : new[] { Plain("user", "hi"), Plain("assistant", "hello"), Marked("more") };
        public Part Limit { get; init; } = _ => new { type = "auto" };
        public ModelUsage Before { get; init; } = Writes;
        public ModelUsage Now { get; init; } = WritesAgain;
        public TimeSpan Between { get; init; } = TimeSpan.FromSeconds(20);
    }

    private static readonly Pair[] Pairs =
    [
        new("model_changed", "certain", "Cache rebuilt.*another model") { Model = turn => turn == 1 ? Opus : Sonnet },
        new("expired", "certain", "Cache expired.*it was not used in time") { Between = TimeSpan.FromMinutes(6) },
        new("tools_changed", "certain", @"Cache rebuilt.*the tools changed.*First difference: tools\[1\] Edit") { Tools = turn => turn == 1 ? Named("Read", "Bash") : Named("Read", "Edit", "Bash") },
        new("system_changed", "certain", "Cache rebuilt.*the system prompt changed") { System = turn => turn == 1 ? "you" : "me" },
        new("history_changed", "certain", @"Cache rebuilt.*an earlier message changed.*messages\[0\]") { Messages = turn => turn == 1 ? [Marked("hi")] : new[] { Plain("user", "hi there"), Plain("assistant", "hello"), Marked("more") } },
        new("history_shrank", "likely", "Cache rebuilt.*earlier messages were left out") { Messages = turn => turn == 1 ? new[] { Plain("user", "hi"), Plain("assistant", "a"), Marked("b") } : [Marked("hi")] },
        new("parameters_changed", "certain", "Cache rebuilt.*a parameter changed") { Limit = turn => turn == 1 ? new { type = "auto" } : new { type = "any" } },
        new("marks_moved", "likely", "Cache rebuilt.*the marks moved too far") { Messages = Long },
        new("unknown", "unknown", @"Cache missed.*why is not known \(a guess\)"),
        new("not_marked", "certain", null) { Messages = turn => turn == 1 ? [Marked("hi")] : new[] { Plain("user", "hi"), Plain("assistant", "hello"), Plain("user", "more") }, Now = new(20_300, 0, 0, 10) },
        new("too_short", "likely", null) { Before = new(900, 0, 0, 10), Now = new(950, 0, 0, 10) },
    ];

    public async Task InitializeAsync()
    {
        model = await ScriptedModel.StartAsync(_ => next);
        lethe = await LetheUnderTest.StartAsync(
            options => options.Upstreams["anthropic"] = new() { Address = model.Address },
            services => services.AddSingleton<TimeProvider>(clock));
    }

    public async Task DisposeAsync()
    {
        await lethe.DisposeAsync();
        await model.DisposeAsync();
    }

    [Fact]
    public async Task Each_reason_is_found_in_a_pair_of_requests_and_said_in_words_on_the_page()
    {
        foreach (var pair in Pairs)
        {
            await SayAsync(pair, 1, pair.Before);
            clock.Pass(pair.Between);
            await SayAsync(pair, 2, pair.Now);
        }

        await SayCompactedAsync();
        await UntilStoredAsync();
        foreach (var pair in Pairs.Append(new Pair("compacted", "certain", "Cache rebuilt.*the conversation was compacted")))
        {
            var id = (await GetAsync("/v1/sessions/" + pair.Code)).GetProperty("session").GetProperty("session_id").GetString();
            var calls = (await GetAsync("/v1/exchanges?session=" + id)).GetProperty("items");
            var (first, last) = (calls[0].GetProperty("cache"), calls[calls.GetArrayLength() - 1].GetProperty("cache"));
            Assert.Equal((pair.Code, pair.Code, pair.Confidence), (pair.Code, last.GetProperty("reason").GetString(), last.GetProperty("confidence").GetString()));
            Assert.Equal(pair.Code == "too_short" ? "too_short" : "first", first.GetProperty("reason").GetString());

            var words = Tags().Replace(WebUtility.HtmlDecode(await lethe.Admin.GetStringAsync("/sessions/" + id)), "");
            if (pair.Words is null)
            {
                Assert.DoesNotContain("Why the cache missed", words, StringComparison.Ordinal);
            }
            else
            {
                Assert.Matches(new Regex(pair.Words, RegexOptions.Singleline), words);
                Assert.Contains("Why the cache missed", words, StringComparison.Ordinal);
                Assert.Contains(pair.Confidence switch { "certain" => "Certain.", "likely" => "Likely.", _ => "Not known." }, words, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Two_prompts_are_compared_word_by_word_within_the_lines_that_changed()
    {
        var pair = Pairs.Single(pair => pair.Code == "history_changed");
        await SayAsync(pair, 1, pair.Before);
        await SayAsync(pair, 2, pair.Now);
        await UntilStoredAsync();
        var id = (await GetAsync("/v1/sessions/" + pair.Code)).GetProperty("session").GetProperty("session_id").GetString();
        var later = (await GetAsync("/v1/exchanges?session=" + id)).GetProperty("items")[1].GetProperty("exchange_id").GetString();
        var html = WebUtility.HtmlDecode(await lethe.Admin.GetStringAsync("/compare?b=" + later));
        Assert.Matches(@"<ins><span class=""vh"">new: </span>.*hi.*<mark><bdi class=""cap"">.*there", html);
        Assert.Contains("an earlier message changed (certain)", html, StringComparison.Ordinal);
        Assert.Contains("cache mark at", html, StringComparison.Ordinal);
    }

    private static object[] Named(params string[] names) => [.. names.Select(name => (object)new { name, description = "", input_schema = new { type = "object" } })];

    private static object Plain(string role, string text) => new { role, content = new object[] { new { type = "text", text } } };

    private static object Marked(string text) => new { role = "user", content = new object[] { new { type = "text", text, cache_control = new { type = "ephemeral" } } } };

    private static object[] Long(int turn) => turn == 1 ? [Marked("hi")] : new[] { Plain("user", "hi"), Plain("assistant", "hello") }
        .Concat(Enumerable.Range(1, 14).SelectMany(at => new[] { Plain("user", $"more {at}"), Plain("assistant", "hello") })).Append(Marked("more")).ToArray();

    private async Task SayCompactedAsync()
    {
        var pair = new Pair("compacted", "certain", null);
        object[] talk = [Plain("user", "hi"), Plain("assistant", "a"), Plain("user", "b"), Plain("assistant", "c"), Marked("d")];
        await SayAsync(pair with { Messages = _ => talk }, 1, Writes);
        await SayAsync(pair with { Messages = _ => talk[..4].Append(Plain("user", "d")).Append(Plain("assistant", "hello")).Append(Marked("Your task is to create a detailed summary of the conversation so far.")).ToArray() }, 2, new(5, 20_000, 300, 10));
        clock.Pass(TimeSpan.FromSeconds(20));
        await SayAsync(pair with { Messages = _ => new[] { Marked("hello\n\nGo on.") } }, 3, new(5, 0, 20_300, 10));
    }

    private async Task SayAsync(Pair pair, int turn, ModelUsage usage)
    {
        next = new ModelReply.Say("hello") { Usage = usage };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { model = pair.Model(turn), max_tokens = 100, stream = true, system = pair.System(turn), tools = pair.Tools(turn), tool_choice = pair.Limit(turn), messages = pair.Messages(turn) }), Encoding.UTF8, "application/json"),
        };
        request.Headers.UserAgent.ParseAdd("claude-cli/2.1.329");
        request.Headers.Add("x-claude-code-session-id", pair.Code);
        using var response = await lethe.Forwarding.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        said++;
    }

    private async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await lethe.Admin.GetStringAsync(path)).RootElement;

    private async Task UntilStoredAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await GetAsync("/v1/exchanges?limit=200")).GetProperty("items").GetArrayLength() < said)
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();
}
