using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Page;

namespace Lethe.Proxy.Tests.Admin;

/// <summary>What the page shows of sessions, as JSON: a tree of agents, a call refused and cut, tools and prompts.</summary>
public sealed class TreeApiTests : IAsyncLifetime
{
    private RecordedTeam team = null!;

    public async Task InitializeAsync() => team = await RecordedTeam.StartAsync();

    public async Task DisposeAsync() => await team.DisposeAsync();

    [Fact]
    public async Task A_tree_has_its_sums_and_the_tool_call_that_started_each()
    {
        var id = await team.IdAsync();
        var tree = (await team.GetAsync($"/v1/sessions/{id}/tree")).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal([0, 1, 2], tree.Select(item => item.GetProperty("depth").GetInt32()));
        Assert.Equal([id, await team.IdAsync(RecordedTeam.Explore), await team.IdAsync(RecordedTeam.Failing)], tree.Select(item => Text(item.GetProperty("session"), "session_id")));
        Assert.Equal([2L, 2, 0], tree.Select(item => item.GetProperty("own").GetProperty("turns").GetInt64()));
        Assert.Equal([4L, 2, 0], tree.Select(item => item.GetProperty("total").GetProperty("turns").GetInt64()));
        Assert.Equal(JsonValueKind.Null, tree[0].GetProperty("spawned_by").ValueKind);
        var first = (await team.GetAsync($"/v1/exchanges?limit=1&session={id}")).GetProperty("items")[0];
        Assert.Equal((Text(first, "exchange_id"), "toolu_1_0", "prompt"), Spawned(tree[1]));
        Assert.Equal("toolu_2_0", Spawned(tree[2]).Call);

        var root = tree[0].GetProperty("session");
        Assert.Equal((RecordedTeam.FirstPrompt, "prompt", "running"), (Text(root, "title"), Text(root, "title_origin"), Text(root, "state")));
        Assert.Equal(["failed_agent", "failed_tool", "refused", "cut"], root.GetProperty("trouble").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal((3, 1), (root.GetProperty("tree").GetProperty("sessions").GetInt32(), root.GetProperty("tree").GetProperty("failed").GetInt32()));
    }

    [Fact]
    public async Task Agents_that_are_given_the_same_words_are_each_anothers_call()
    {
        object work = new { description = "look", prompt = "Look once more" };
        await team.SayAsync(new ModelReply.UseTools(("Task", work), ("Task", work)), [RecordedTeam.User("Do it twice")], "twice");
        await team.SayAsync(new ModelReply.Say("first"), [RecordedTeam.User("Look once more")], "look1", "twice");
        await team.SayAsync(new ModelReply.Say("second"), [RecordedTeam.User("Look once more")], "look2", "twice");
        await team.SayAsync(new ModelReply.Say("third"), [RecordedTeam.User("Look once more")], "look3", "twice");
        await team.UntilStoredAsync();

        var id = await team.IdAsync("twice");
        var asking = (await team.GetAsync($"/v1/exchanges?limit=1&session={id}")).GetProperty("items")[0];
        var calls = asking.GetProperty("reply").GetProperty("tool_calls").EnumerateArray().Select(call => Text(call, "id")).Order(StringComparer.Ordinal);
        var tree = (await team.GetAsync($"/v1/sessions/{id}/tree")).GetProperty("items").EnumerateArray()
            .ToDictionary(item => Text(item.GetProperty("session"), "harness_session_id")!.Split('/')[^1], item => item.GetProperty("spawned_by"));
        Assert.Equal([.. calls, null], new[] { "look1", "look2", "look3" }.Select(agent => tree[agent].ValueKind == JsonValueKind.Null ? null : Text(tree[agent], "call")));

        // None of the two was answered: the conversation has not gone on, then it has.
        Assert.Equal(["pending", "pending"], await StatusesAsync($"/v1/sessions/{id}/tools"));
        Assert.Empty(await StatusesAsync($"/v1/sessions/{id}/tools?status=orphaned"));
        await team.SayAsync(new ModelReply.Say("so be it"), [RecordedTeam.User("Never mind")], "twice");
        await team.UntilStoredAsync();
        Assert.Equal(["orphaned", "orphaned"], await StatusesAsync($"/v1/sessions/{id}/tools?status=orphaned"));
        var page = await team.GetAsync($"/v1/sessions/{id}/tools?status=orphaned,error&limit=1");
        var rest = await team.GetAsync($"/v1/sessions/{id}/tools?status=orphaned,error&limit=1&cursor=" + Uri.EscapeDataString(Text(page, "next_cursor")!));
        Assert.Equal(calls, new[] { page, rest }.Select(one => Text(Assert.Single(one.GetProperty("items").EnumerateArray()), "call_id")));
        Assert.Equal((Text(asking, "exchange_id"), "Task", JsonValueKind.Null), (Text(rest.GetProperty("items")[0], "asked_by_exchange_id"), Text(rest.GetProperty("items")[0], "name"), rest.GetProperty("next_cursor").ValueKind));
        Assert.Empty(await StatusesAsync($"/v1/sessions/{id}/tools?status=ok"));

        async Task<IEnumerable<string?>> StatusesAsync(string path) => (await team.GetAsync(path)).GetProperty("items").EnumerateArray().Select(tool => Text(tool, "status"));
    }

    [Fact]
    public async Task An_outline_is_a_row_a_turn_and_turns_are_read_by_their_numbers()
    {
        await team.SayManyAsync(5, "many");
        var outline = (await team.GetAsync($"/v1/sessions/{await team.IdAsync()}/outline")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([(1, 0), (2, 2)], outline.Select(row => (row.GetProperty("turn").GetInt32(), row.GetProperty("failed_attempts").GetInt32())));
        var failing = (await team.GetAsync($"/v1/sessions/{await team.IdAsync(RecordedTeam.Failing)}/outline")).GetProperty("items")[0];
        Assert.Equal((JsonValueKind.Null, "upstream_error"), (failing.GetProperty("turn").ValueKind, Text(failing, "outcome")));

        var turns = await team.GetAsync($"/v1/sessions/{await team.IdAsync("many")}/turns?from=2&to=4");
        Assert.Equal([2, 3, 4], turns.GetProperty("items").EnumerateArray().Select(turn => turn.GetProperty("exchange").GetProperty("turn").GetProperty("seq").GetInt32()));
        Assert.Equal(["ask number 2", "ask number 3", "ask number 4"], turns.GetProperty("items").EnumerateArray().Select(turn => Text(turn.GetProperty("new_messages")[0].GetProperty("body"), "content")));
        var rest = await team.GetAsync($"/v1/sessions/{await team.IdAsync("many")}/turns?cursor={Text(turns, "next_cursor")}");
        Assert.Equal(5, rest.GetProperty("items")[0].GetProperty("exchange").GetProperty("turn").GetProperty("seq").GetInt32());
        Assert.Empty((await team.GetAsync($"/v1/sessions/{await team.IdAsync("many")}/turns?from=9")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Sessions_are_found_by_what_is_told_of_them_and_every_order_is_the_same_page_by_page()
    {
        (string Query, int Count)[] questions =
        [
            ("roots=1", 1), ("", 3), ("roots=1&trouble=failed_agent", 1), ("trouble=rebuilt,unpriced", 0), ("roots=1&state=running", 1), ("state=named", 0), ("q=WEBHOOK", 1),
            ("model=claude-sonnet-4-5", 3), ("model=other", 0), ("harness=claude-code&until=2020-01-01", 0),
        ];
        foreach (var (query, count) in questions)
        {
            Assert.Equal((query, count), (query, (await team.GetAsync("/v1/sessions?" + query)).GetProperty("items").GetArrayLength()));
        }

        foreach (var sort in (string[])["last", "started", "cost", "turns", "cache"])
        {
            var whole = await IdsAsync($"/v1/sessions?sort={sort}");
            var paged = new List<string?>();
            for (string? cursor = ""; cursor is not null;)
            {
                var page = await team.GetAsync($"/v1/sessions?sort={sort}&limit=1{cursor}");
                paged.AddRange(page.GetProperty("items").EnumerateArray().Select(item => Text(item, "session_id")));
                cursor = Text(page, "next_cursor") is { } next ? "&cursor=" + next : null;
            }

            Assert.Equal(3, whole.Count);
            Assert.Equal(whole, paged);
        }
    }

    [Fact]
    public async Task Facets_count_roots_and_exchanges_come_newest_first_and_brief()
    {
        var facets = await team.GetAsync("/v1/facets");
        Assert.Equal((1, "claude-code", 1), (facets.GetProperty("sessions").GetInt32(), Text(facets.GetProperty("harness")[0], "value"), facets.GetProperty("harness")[0].GetProperty("count").GetInt32()));
        Assert.Equal("running", Text(facets.GetProperty("state")[0], "value"));
        Assert.Contains("failed_agent", facets.GetProperty("trouble").EnumerateArray().Select(facet => Text(facet, "value")));
        Assert.Equal("claude-sonnet-4-5", Text(facets.GetProperty("model")[0], "value"));

        var up = (await team.GetAsync("/v1/exchanges")).GetProperty("items").EnumerateArray().Select(item => Text(item, "exchange_id")).ToList();
        var first = await team.GetAsync("/v1/exchanges?order=desc&view=brief&limit=3");
        var second = await team.GetAsync("/v1/exchanges?order=desc&view=brief&cursor=" + Text(first, "next_cursor"));
        Assert.Equal(Enumerable.Reverse(up), first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).Select(item => Text(item, "exchange_id")));
        Assert.All(first.GetProperty("items").EnumerateArray(), item => Assert.Equal(JsonValueKind.Null, item.GetProperty("reply").ValueKind));
    }

    [Fact]
    public async Task Headers_prompts_and_tools_are_told_and_pictures_shown_as_what_they_are()
    {
        const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        object Image(string data) => new { type = "image", source = new { type = "base64", media_type = "image/png", data } };
        await team.SayAsync(
            new ModelReply.Say("seen"),
            [RecordedTeam.User(new[] { Image(Convert.ToBase64String(Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'/>"))), Image(Png) })],
            "eyes",
            system: "You are an agent.\nToday's date: 2026-11-28");
        await team.UntilStoredAsync();
        var call = (await team.GetAsync($"/v1/exchanges?session={await team.IdAsync("eyes")}")).GetProperty("items")[0];

        var headers = await team.GetAsync($"/v1/exchanges/{Text(call, "exchange_id")}/headers");
        Assert.Contains("x-claude-code-agent-id: eyes", headers.GetProperty("request").EnumerateArray().Select(header => $"{Text(header, "name")}: {Text(header, "value")}"), StringComparer.OrdinalIgnoreCase);
        Assert.Equal(200, headers.GetProperty("status").GetInt32());

        var message = Text(call.GetProperty("chain"), "root");
        using var image = await team.Lethe.Admin.GetAsync($"/v1/images/{message}");
        Assert.Equal(("image/png", "sandbox; default-src 'none'"), (image.Content.Headers.ContentType?.MediaType, image.Headers.GetValues("Content-Security-Policy").Single()));
        Assert.Equal(Convert.FromBase64String(Png), await image.Content.ReadAsByteArrayAsync());
        using var none = await team.Lethe.Admin.GetAsync($"/v1/images/{message}?n=1");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);

        await team.SayAsync(new ModelReply.Say("later"), [RecordedTeam.User("hi")], "other", system: "You are an agent.\nToday's date: 2026-11-29");
        await team.UntilStoredAsync();
        var versions = (await team.GetAsync("/v1/prompts?harness=claude-code")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(2, versions.Count);
        Assert.Equal((2, 2, 2), (versions[0].GetProperty("hashes").GetArrayLength(), versions[0].GetProperty("calls").GetInt32(), versions[0].GetProperty("sessions").GetInt32()));
        Assert.Equal("2.1.329", versions[0].GetProperty("harness_versions")[0].GetString());
        var page = await team.GetAsync("/v1/prompts?limit=1");
        Assert.Equal(Text(versions[1], "hash"), Text((await team.GetAsync("/v1/prompts?limit=1&cursor=" + Uri.EscapeDataString(Text(page, "next_cursor")!))).GetProperty("items")[0], "hash"));
        Assert.Empty((await team.GetAsync("/v1/tools")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Health_tells_doors_disk_counts_and_the_configuration_without_secrets()
    {
        var health = await team.GetAsync("/v1/health");

        Assert.True(health.GetProperty("ready").GetBoolean());
        Assert.True(health.GetProperty("segments").GetInt32() > 0);
        Assert.True(health.GetProperty("disk").GetProperty("store_bytes").GetInt64() > 0);
        Assert.Equal(0, health.GetProperty("counts").GetProperty("lethe_drops_total{reason=\"memory\"}").GetDouble());
        Assert.Equal(JsonValueKind.Object, health.GetProperty("configuration").GetProperty("Lethe").ValueKind);
        Assert.StartsWith("http://127.0.0.1", Text(health.GetProperty("doors"), "forwarding"), StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+\.\d+$", Text(health, "version")!);
    }

    [Fact]
    public async Task An_open_call_is_told_while_it_runs_and_events_tell_its_beginning_and_its_end()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var response = await team.Lethe.Admin.GetAsync("/v1/events?view=brief", HttpCompletionOption.ResponseHeadersRead, bound.Token);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        using var seen = new ManualResetEventSlim();
        var saying = team.SayAsync(new ModelReply.Say("said slowly") { Midway = () => seen.Wait(bound.Token) }, [RecordedTeam.User("go on")]);

        var started = await NextAsync(events, "started", bound.Token);
        var open = Assert.Single((await team.GetAsync("/v1/inflight")).GetProperty("items").EnumerateArray());
        Assert.Equal(Text(started, "exchange_id"), Text(open, "exchange_id"));
        Assert.Equal((await team.IdAsync(), "claude-code", "claude-sonnet-4-5", 2), (Text(open, "session_id"), Text(open, "harness_id"), Text(started, "model_requested"), open.GetProperty("after_turn").GetInt32()));
        Assert.True(open.GetProperty("request_bytes").GetInt64() > 0);

        seen.Set();
        await saying;
        var finished = await NextAsync(events, "finished", bound.Token);
        Assert.Equal((Text(started, "exchange_id"), JsonValueKind.Null), (Text(finished, "exchange_id"), finished.GetProperty("reply").ValueKind));
        Assert.Empty((await team.GetAsync("/v1/inflight")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        string[] paths =
        [
            "/v1/sessions?sort=price", "/v1/sessions?state=asleep", "/v1/sessions?trouble=cut,none", "/v1/sessions?roots=yes", "/v1/exchanges?order=up", "/v1/exchanges?view=short",
            "/v1/sessions/x/turns?from=0", "/v1/sessions/x/turns?from=1&to=201", "/v1/sessions/x/turns?from=5&to=4", "/v1/prompts?cursor=x", "/v1/facets?since=soon", "/v1/events?view=short",
            "/v1/sessions/x/tools?status=lost", "/v1/sessions/x/tools?cursor=x",
        ];
        foreach (var path in paths)
        {
            using var response = await team.Lethe.Admin.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.BadRequest), (path, response.StatusCode));
            Assert.Equal("invalid_parameter", Text(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement, "code"));
        }
    }

    private static async Task<JsonElement> NextAsync(StreamReader events, string name, CancellationToken bound)
    {
        while (await events.ReadLineAsync(bound) is { } line)
        {
            if (line == "event: " + name)
            {
                return JsonDocument.Parse((await events.ReadLineAsync(bound))!["data: ".Length..]).RootElement;
            }
        }

        throw new EndOfStreamException(string.Create(CultureInfo.InvariantCulture, $"no event {name}"));
    }

    private async Task<List<string?>> IdsAsync(string path) => [.. (await team.GetAsync(path)).GetProperty("items").EnumerateArray().Select(item => Text(item, "session_id"))];

    private static (string? Exchange, string? Call, string? Resolution) Spawned(JsonElement item) =>
        item.GetProperty("spawned_by") is var by ? (Text(by, "exchange"), Text(by, "call"), Text(by, "resolution")) : default;

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
