using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

public sealed class TurnEventTests : IAsyncLifetime
{
    private LetheUnderTest lethe = null!;
    private Producer producer = null!;

    public async Task InitializeAsync()
    {
        lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Ingest.LineBytesMax = 64 * 1024;
            options.Ingest.BodyBytesMax = 1024 * 1024;
        });
        producer = new Producer(lethe);
    }

    public async Task DisposeAsync() => await lethe.DisposeAsync();

    [Fact]
    public async Task Each_line_has_its_result_in_order_and_a_bad_one_harms_itself_alone()
    {
        string[] lines =
        [
            Producer.Event("t1"), "", "{", Producer.Event("t2", role: "robot"), Producer.Event("t3", new string('x', 70_000)), Producer.Event("t1"),
            Producer.Event("t4", role: "assistant", at: 1764230500, more: ""","tokens_in":5,"tokens_out":7,"cost_usd":0.25,"model":"m","owner":"evil","seq":7,"metadata":{"k":1},"tool_calls":[{"id":"c1","name":"Bash","input":{"command":"ls"}}]"""),
            """{"tool":"claude-code","host":"box-1","session_id":"s-1","role":"user","timestamp":1,"content":""}""",
        ];
        var (status, body) = await producer.SendAsync(string.Join('\n', lines), Producer.Lines, "/api/v1/ingest");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["1 accepted ", "3 rejected bad_json", "4 rejected bad_role", "5 rejected line_too_large", "6 duplicate duplicate", "7 accepted ", "8 rejected missing_field"],
            body.GetProperty("results").EnumerateArray().Select(one => $"{one.GetProperty("line")} {one.GetProperty("status")} {one.GetProperty("code")}"));
        Assert.Equal((2, 1, 0, 4), (Count(body, "accepted"), Count(body, "duplicate"), Count(body, "conflict"), Count(body, "rejected")));
        var exchanges = await producer.GetAsync("/v1/exchanges");
        var last = exchanges.GetProperty("items").EnumerateArray().Single(one => one.GetProperty("model_served").GetString() == "m");
        Assert.Equal(("ingest", "completed", "hello"), (last.GetProperty("door").GetString(), last.GetProperty("outcome").GetString(), last.GetProperty("reply").GetProperty("text").GetString()));
        Assert.Equal("Bash", last.GetProperty("reply").GetProperty("tool_calls")[0].GetProperty("name").GetString());
        Assert.Equal((250_000_000, 250_000_000), (last.GetProperty("cost_reported_nano_usd").GetInt64(), last.GetProperty("cost_nano_usd").GetInt64()));
        Assert.Equal(JsonValueKind.Null, last.GetProperty("status").ValueKind);
        // It is kept as it came: what has no column is read there.
        Assert.Equal(lines[6], await lethe.Admin.GetStringAsync($"/v1/exchanges/{last.GetProperty("exchange_id").GetString()}/request"));
        Assert.Equal(("claude-code", "s-1"), (last.GetProperty("harness").GetProperty("id").GetString(), last.GetProperty("session").GetProperty("harness_session_id").GetString()));
        Assert.Equal((5, 7), (last.GetProperty("usage").GetProperty("input_tokens").GetInt32(), last.GetProperty("usage").GetProperty("output_tokens").GetInt32()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_earliest_that_is_told_of_a_session_stays_in_any_order(bool inOrder)
    {
        string[] lines =
        [
            Producer.Event("t1", at: 100, more: ""","session_meta":{"working_dir":"/first","metadata":{"a":1}}"""),
            Producer.Event("t2", at: 200, more: ""","session_meta":{"working_dir":"/second","metadata":{"a":2}}"""),
        ];
        await producer.SendAsync(string.Join('\n', inOrder ? lines : lines.Reverse()), Producer.Lines);
        var found = await producer.GetAsync("/v1/sessions/s-1");
        var session = found.GetRawText();

        Assert.Contains("\"/first\"", session, StringComparison.Ordinal);
        Assert.DoesNotContain("/second", session, StringComparison.Ordinal);
        Assert.Equal("""{"a":1}""", found.GetProperty("session").GetProperty("metadata").GetString());
        Assert.Contains("1970-01-01T00:01:40", session, StringComparison.Ordinal);
        Assert.Contains("1970-01-01T00:03:20", session, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_turn_in_every_wording_of_its_answer_is_counted_once_and_two_equal_turns_twice()
    {
        var body = string.Join('\n', Producer.Event("t1", at: 1), Producer.Event("t2", at: 2));
        await producer.SendAsync(body, Producer.Lines);
        await producer.SendAsync(body, Producer.Lines);

        Assert.Contains("\"turns\":2", (await producer.GetAsync("/v1/sessions/s-1")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_its_limit_is_413_and_tells_what_was_stored()
    {
        var lines = Enumerable.Range(0, 40).Select(i => Producer.Event("t" + i, new string('x', 40_000)));
        var (status, problem) = await producer.SendAsync(string.Join('\n', lines), Producer.Lines);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (status, problem.GetProperty("code").GetString()));
        var told = problem.GetProperty("results").GetArrayLength();
        Assert.InRange(told, 20, 27);
        Assert.Equal(told, (await producer.GetAsync("/v1/exchanges?limit=200")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_line_that_names_another_organisation_is_rejected_and_an_owner_changes_nothing()
    {
        var lines = string.Join('\n', Producer.Event("t1", more: ""","org_id":"0b6f1c1e-0000-4000-8000-000000000001" """), Producer.Event("t2", more: ""","OWNER":"evil","owner":{"org":"x"}"""));
        var (_, body) = await producer.SendAsync(lines, Producer.Lines);

        Assert.Equal(["foreign_org", null], body.GetProperty("results").EnumerateArray().Select(one => one.GetProperty("code").GetString()));
    }

    private static int Count(JsonElement body, string status) => body.GetProperty(status).GetInt32();
}
