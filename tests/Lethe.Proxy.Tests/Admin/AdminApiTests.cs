using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Admin;

public sealed class AdminApiTests(ITestOutputHelper output) : IAsyncLifetime
{
    private RecordedConversation conversation = null!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Sessions_are_listed_newest_first_and_paged_by_cursor()
    {
        var all = (await conversation.GetAsync("/v1/sessions")).GetProperty("items");
        Assert.Equal(2, all.GetArrayLength());

        var first = await conversation.GetAsync("/v1/sessions?limit=1");
        var second = await conversation.GetAsync("/v1/sessions?limit=1&cursor=" + first.GetProperty("next_cursor").GetString());

        Assert.Equal(Id(all[0]), Id(first.GetProperty("items")[0]));
        Assert.Equal(Id(all[1]), Id(second.GetProperty("items")[0]));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next_cursor").ValueKind);
        foreach (var sort in (string[])["last", "started", "cost", "turns"])
        {
            // The two differ in all of these.
            var largest = (await conversation.GetAsync($"/v1/sessions?sort={sort}&order=desc")).GetProperty("items");
            var smallest = await conversation.GetAsync($"/v1/sessions?sort={sort}&order=asc&limit=1");
            var rest = await conversation.GetAsync($"/v1/sessions?sort={sort}&order=asc&limit=1&cursor=" + smallest.GetProperty("next_cursor").GetString());
            Assert.Equal((Id(largest[1]), Id(largest[0])), (Id(smallest.GetProperty("items")[0]), Id(rest.GetProperty("items")[0])));
            Assert.Equal(JsonValueKind.Null, rest.GetProperty("next_cursor").ValueKind);
        }

        Assert.Equal(0, (await conversation.GetAsync("/v1/sessions?harness=codex")).GetProperty("items").GetArrayLength());
        Assert.Equal(0, (await conversation.GetAsync("/v1/sessions?since=2999-01-01")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_session_has_its_children_its_counters_and_its_turns()
    {
        var detail = await conversation.GetAsync("/v1/sessions/" + RecordedConversation.MainSession);

        var session = detail.GetProperty("session");
        Assert.Equal(2, session.GetProperty("counters").GetProperty("turns").GetInt64());
        Assert.Equal(1, session.GetProperty("counters").GetProperty("attempts").GetInt64());
        Assert.Equal(224, session.GetProperty("counters").GetProperty("input_total").GetInt64());
        Assert.Equal(RecordedConversation.MainSession + "/a1b2c3", detail.GetProperty("children")[0].GetProperty("harness_session_id").GetString());

        var child = await conversation.GetAsync("/v1/sessions/" + Uri.EscapeDataString(RecordedConversation.MainSession + "/a1b2c3"));
        Assert.Equal(Id(session), child.GetProperty("session").GetProperty("parent_session_id").GetString());

        var turns = await conversation.GetAsync($"/v1/sessions/{Id(session)}/turns?limit=2");
        var rest = await conversation.GetAsync($"/v1/sessions/{Id(session)}/turns?limit=2&cursor=" + turns.GetProperty("next_cursor").GetString());
        Assert.Equal(2, turns.GetProperty("items").GetArrayLength());
        Assert.Equal(1, rest.GetProperty("items").GetArrayLength());
        Assert.Equal("overloaded_error", turns.GetProperty("items")[1].GetProperty("exchange").GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Exchanges_come_in_the_order_of_export_through_all_pages()
    {
        var seen = new List<string>();
        var places = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await conversation.GetAsync("/v1/exchanges?limit=3" + (cursor.Length > 0 ? "&cursor=" + cursor : ""));
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("exchange_id").GetString()!));
            places.AddRange(page.GetProperty("items").EnumerateArray().Select(item => $"{item.GetProperty("captured_at")} {item.GetProperty("exchange_id")}"));
            cursor = page.GetProperty("next_cursor").GetString();
        }

        Assert.Equal(RecordedConversation.Exchanges, seen.Distinct().Count());
        Assert.Equal(places.Order(StringComparer.Ordinal), places);
        Assert.Equal(1, (await conversation.GetAsync("/v1/exchanges?outcome=upstream_error")).GetProperty("items").GetArrayLength());
        Assert.Equal(4, (await conversation.GetAsync("/v1/exchanges?provider=anthropic&harness=claude-code")).GetProperty("items").GetArrayLength());
        Assert.Equal(seen[0], (await conversation.GetAsync("/v1/exchanges/" + seen[0])).GetProperty("exchange_id").GetString());
    }

    [Fact]
    public async Task What_a_record_names_by_its_hash_can_be_read_and_so_can_all_tries_of_a_call()
    {
        await conversation.SendAsync("""[{"role":"user","content":"with a prompt"}],"system":"be brief","tools":[{"name":"Bash"}]""");
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);
        var record = (await conversation.GetAsync("/v1/exchanges?limit=200")).GetProperty("items").EnumerateArray().Last();
        var chain = record.GetProperty("chain");

        Assert.Contains("be brief", await conversation.Admin.GetStringAsync("/v1/blobs/" + chain.GetProperty("system").GetString()), StringComparison.Ordinal);
        Assert.Contains("Bash", await conversation.Admin.GetStringAsync("/v1/blobs/" + chain.GetProperty("tools").GetString()), StringComparison.Ordinal);
        var root = await conversation.GetAsync("/v1/nodes/" + chain.GetProperty("root").GetString());
        Assert.Equal(("user", "with a prompt"), (root.GetProperty("role").GetString(), root.GetProperty("body").GetProperty("content").GetString()));
        var attempts = await conversation.GetAsync($"/v1/exchanges/{record.GetProperty("exchange_id").GetString()}/attempts");
        Assert.Equal(1, attempts.GetProperty("attempts").GetArrayLength());
        Assert.Equal(record.GetProperty("cost_nano_usd").GetInt64(), attempts.GetProperty("cost_nano_usd").GetInt64());
        Assert.Equal("base_url", record.GetProperty("capture_mode").GetString());
    }

    [Theory]
    [InlineData("/v1/sessions?limit=0", 400, "invalid_parameter")]
    [InlineData("/v1/sessions?limit=201", 400, "invalid_parameter")]
    [InlineData("/v1/sessions?cursor=x", 400, "invalid_parameter")]
    [InlineData("/v1/sessions?since=soon", 400, "invalid_parameter")]
    [InlineData("/v1/sessions?order=up", 400, "invalid_parameter")]
    [InlineData("/v1/search?q=", 400, "invalid_query")]
    [InlineData("/v1/exchanges?cursor=1.x", 400, "invalid_parameter")]
    [InlineData("/v1/sessions/none", 404, "session_not_found")]
    [InlineData("/v1/sessions/none/turns", 404, "session_not_found")]
    [InlineData("/v1/sessions/none/turns?cursor=7", 400, "invalid_parameter")]
    [InlineData("/v1/exchanges/none", 404, "exchange_not_found")]
    [InlineData("/v1/exchanges/none/attempts", 404, "exchange_not_found")]
    [InlineData("/v1/blobs/00", 404, "blob_not_found")]
    [InlineData("/v1/nodes/00", 404, "node_not_found")]
    [InlineData("/v1/none", 404, "not_found")]
    [InlineData("/none", 404, "not_found")]
    public async Task What_cannot_be_answered_is_a_problem_with_a_stable_code(string path, int status, string code)
    {
        using var response = await conversation.Admin.GetAsync(path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
        // The parameter that is the matter stands alone, beside the words for people.
        var parameter = status == 400 ? path[(path.IndexOf('?', StringComparison.Ordinal) + 1)..path.IndexOf('=', StringComparison.Ordinal)] : null;
        Assert.Equal(parameter, problem.TryGetProperty("parameter", out var told) ? told.GetString() : null);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("[::1]", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("10.0.0.1", false)]
    public async Task Only_names_that_can_be_meant_are_answered(string host, bool answered)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/sessions");
        request.Headers.Host = host;

        using var response = await conversation.Admin.SendAsync(request);

        Assert.Equal(answered ? HttpStatusCode.OK : HttpStatusCode.MisdirectedRequest, response.StatusCode);
    }

    [Fact]
    public async Task Events_go_on_where_the_reader_left_off()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.Add("Last-Event-ID", "3");
        using var response = await conversation.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        await conversation.SayAsync("while somebody listens");

        var ids = new List<string>();
        while (ids.Count < 2 && await events.ReadLineAsync(bound.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                ids.Add(line[4..]);
            }
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["4", "5"], ids);
    }

    [Fact]
    public async Task Readiness_tells_the_lag()
    {
        var ready = await conversation.GetAsync("/readyz");

        Assert.True(ready.GetProperty("journal_writable").GetBoolean());
        Assert.True(ready.GetProperty("store_reachable").GetBoolean());
        Assert.Equal(0, ready.GetProperty("lag_records").GetInt64());
    }

    [Fact]
    public async Task Metrics_have_the_names_of_the_contract_and_promtool_finds_nothing_to_say()
    {
        using var response = await conversation.Admin.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        foreach (var name in (string[])[
            "lethe_exchanges_total{", "lethe_turns_total{harness=", "lethe_tokens_total{", "lethe_cost_usd_total{", "lethe_inflight_exchanges ",
            "lethe_capture_bytes_total{direction=", "lethe_journal_lag_records ", "lethe_journal_lag_bytes ", "lethe_journal_fsync_seconds_bucket{",
            "lethe_drops_total{reason=\"memory\"} ", "lethe_drops_total{reason=\"stopping\"} ", "lethe_drops_total{reason=\"unwritable\"} ",
            "lethe_journal_failures_total ", "lethe_replays_total ", "lethe_conflicts_total ",
            "gen_ai_client_token_usage_sum{", "gen_ai_client_operation_duration_seconds_bucket{", "lethe_ingest_commit_seconds_count ", "lethe_ingest_batch_size_sum ", "lethe_decode_seconds_bucket{", "lethe_proxy_ttfb_overhead_seconds_count "])
        {
            Assert.Contains("\n" + name, text, StringComparison.Ordinal);
        }

        var path = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(directory => Path.Combine(directory, "promtool")).FirstOrDefault(File.Exists);
        if (path is null)
        {
            output.WriteLine("promtool is not on the PATH: its check was not made.");
            return;
        }

        using var promtool = Process.Start(new ProcessStartInfo(path, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        Assert.Equal("", await promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync();
        Assert.Equal(0, promtool.ExitCode);
    }

    private static string Id(JsonElement session) => session.GetProperty("session_id").GetString()!;
}
