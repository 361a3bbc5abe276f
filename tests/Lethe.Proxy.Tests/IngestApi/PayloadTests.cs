using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

public sealed class PayloadTests : IAsyncLifetime
{
    private LetheUnderTest lethe = null!;
    private Producer producer = null!;

    public async Task InitializeAsync()
    {
        lethe = await LetheUnderTest.StartAsync();
        producer = new Producer(lethe);
    }

    public async Task DisposeAsync() => await lethe.DisposeAsync();

    [Fact]
    public async Task A_reduced_payload_is_a_turn_when_the_answer_comes()
    {
        var (status, result) = await producer.SendAsync(Producer.Payload("s-1", "happy path", "k-1"));

        Assert.Equal((HttpStatusCode.OK, "accepted"), (status, result.GetProperty("status").GetString()));
        var exchange = await producer.GetAsync("/v1/exchanges/" + result.GetProperty("exchange_id").GetString());
        Assert.Equal("ingest", exchange.GetProperty("door").GetString());
        Assert.Equal("completed", exchange.GetProperty("outcome").GetString());
        Assert.Equal("ok: happy path", exchange.GetProperty("reply").GetProperty("text").GetString());
        Assert.Equal("105dee421b5d67a6dfa007038e79442cacfa673170ae0907193315b4e0bc0304", exchange.GetProperty("chain").GetProperty("leaf").GetString());
        Assert.Equal((12, 10, 8), (Number(exchange, "input_tokens"), Number(exchange, "cache_read_tokens"), Number(exchange, "output_tokens")));
        Assert.Equal(result.GetProperty("session_id").GetString(), exchange.GetProperty("session").GetProperty("id").GetString());
        Assert.Equal(1, result.GetProperty("turn_seq").GetInt32());
    }

    [Fact]
    public async Task The_same_delivery_is_told_again_and_other_content_under_its_key_is_a_conflict()
    {
        var (_, first) = await producer.SendAsync(Producer.Payload("s-1", "one", "k-1"));
        var (again, second) = await producer.SendAsync(Producer.Payload("s-1", "one", "k-1"));
        var (other, problem) = await producer.SendAsync(Producer.Payload("s-1", "two", "k-1"));

        Assert.Equal((HttpStatusCode.OK, "duplicate", true), (again, second.GetProperty("status").GetString(), second.GetProperty("replayed").GetBoolean()));
        Assert.Equal(first.GetProperty("exchange_id").GetString(), second.GetProperty("exchange_id").GetString());
        Assert.Equal(first.GetProperty("session_id").GetString(), second.GetProperty("session_id").GetString());
        Assert.Equal((HttpStatusCode.Conflict, "idempotency_conflict"), (other, problem.GetProperty("code").GetString()));
        Assert.Equal(first.GetProperty("exchange_id").GetString(), problem.GetProperty("earlier_exchange_id").GetString());
        Assert.Matches("^[0-9a-f]{64}$", problem.GetProperty("earlier_hash").GetString());
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
        var session = await producer.GetAsync("/v1/sessions/s-1");
        Assert.Contains("\"turns\":1", session.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_raw_response_is_read_as_its_coding_says_and_the_request_id_is_its_key()
    {
        var answer = """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"raw"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}""";
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(answer));
        }

        JsonObject Raw() => Producer.Payload("s-raw", "q", change: payload =>
        {
            payload.Remove("response");
            payload["raw_response"] = Convert.ToBase64String(packed.ToArray());
            payload["raw_response_encoding"] = "gzip";
            payload["meta"] = new JsonObject { ["request_id"] = "req-1", ["upstream_status"] = 200, ["content_type"] = "application/json" };
        });

        var (_, first) = await producer.SendAsync(Raw());
        var (_, second) = await producer.SendAsync(Raw());
        var exchange = await producer.GetAsync("/v1/exchanges/" + first.GetProperty("exchange_id").GetString());

        Assert.Equal("raw", exchange.GetProperty("reply").GetProperty("text").GetString());
        Assert.Equal("duplicate", second.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Until_the_journal_only_202_is_told_and_the_store_follows()
    {
        var (status, result) = await producer.SendAsync(Producer.Payload("s-1", "one", "k-1"), "/v1/ingest?wait=journal");
        var (_, after) = await producer.SendAsync(Producer.Payload("s-1", "one", "k-1"));

        Assert.Equal((HttpStatusCode.Accepted, "journaled"), (status, result.GetProperty("status").GetString()));
        Assert.Equal(("duplicate", result.GetProperty("exchange_id").GetString()), (after.GetProperty("status").GetString(), after.GetProperty("exchange_id").GetString()));
    }

    [Fact]
    public async Task A_bad_payload_of_a_batch_harms_itself_alone()
    {
        var turns = new JsonArray(Producer.Payload("s", "a", "a"), new JsonObject(), Producer.Payload("s", "b", "b"), Producer.Payload("s", "a", "a"));
        var (status, body) = await producer.SendAsync(new JsonObject { ["turns"] = turns }, "/v1/ingest/batch");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["accepted", "rejected", "accepted", "duplicate"], body.GetProperty("results").EnumerateArray().Select(one => one.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("""[]""", 400, "bad_json")]
    [InlineData("""{"provider":"anthropic" """, 400, "bad_json")]
    [InlineData("""{"provider":"anthropic"}""", 400, "missing_field")]
    [InlineData("""{"provider":"\ud800","request":{}}""", 400, "missing_field")]
    [InlineData("""{"provider":"anthropic","request":{}}""", 400, "missing_field")]
    [InlineData("""{"provider":"nobody","request":{},"response":{}}""", 422, "unknown_provider")]
    [InlineData("""{"provider":"anthropic","request":{},"response":{"message":{"role":"","content":[]}}}""", 422, "bad_response")]
    [InlineData("""{"provider":"anthropic","request":{},"raw_response":"!"}""", 422, "bad_base64")]
    [InlineData("""{"provider":"anthropic","request":{},"raw_response":"","raw_response_encoding":"rot13"}""", 422, "unknown_encoding")]
    [InlineData("""{"provider":"anthropic","request":{},"session":[]}""", 400, "bad_session")]
    [InlineData("""{"provider":"anthropic","request":{},"session":{"org_id":"x"}}""", 400, "bad_org")]
    [InlineData("""{"provider":"anthropic","request":{},"session":{"parent_harness_session_id":""}}""", 400, "bad_session")]
    [InlineData("""{"provider":"anthropic","request":{},"session":{"parent_harness_id":"x"}}""", 400, "bad_session")]
    [InlineData("""{"provider":"anthropic","request":{},"session":{"harness_metadata":[]}}""", 400, "bad_session")]
    [InlineData("""{"provider":"anthropic","request":{},"session":{"org_id":"0b6f1c1e-0000-4000-8000-000000000001"}}""", 403, "foreign_org")]
    public async Task What_is_no_payload_has_its_status_and_code(string body, int expected, string code)
    {
        var (status, problem) = await producer.SendAsync(body, "application/json");

        Assert.Equal((expected, code), ((int)status, problem.GetProperty("code").GetString()));
        Assert.Equal(0, (await producer.GetAsync("/v1/exchanges")).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("/v1/ingest", "text/plain")]
    [InlineData("/v1/ingest/batch", "application/x-ndjson")]
    [InlineData("/api/v1/ingest", "application/json")]
    public async Task Any_other_kind_of_body_is_415(string path, string type)
    {
        var (status, problem) = await producer.SendAsync("{}", type, path);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), (status, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_bomb_of_brackets_is_told_and_harms_nothing()
    {
        var (status, problem) = await producer.SendAsync("""{"provider":"anthropic","request":{"a":""" + new string('[', 200_000) + new string(']', 200_000) + "}}", "application/json");
        var (after, _) = await producer.SendAsync(Producer.Payload("s", "still here"));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "too_deep"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, after);
    }

    private static int Number(System.Text.Json.JsonElement exchange, string name) => exchange.GetProperty("usage").GetProperty(name).GetInt32();
}
