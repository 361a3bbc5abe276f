using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Lethe.Proxy.Tests.Promises;

/// <summary>A client of the Responses API that leaves the history with the vendor: one session, whatever its requests repeat, and each answer counted once.</summary>
public sealed class KeptResponsesTests
{
    [Fact]
    public async Task A_conversation_that_goes_on_by_ids_and_in_the_background_is_one_session_with_every_token_counted_once()
    {
        using var api = Vendor(["one", "two", "four"], background: "three");
        await using var lethe = await LetheProcess.StartAsync(null, LetheProcess.Upstream(api.Url!));
        using var client = new HttpClient { BaseAddress = new Uri(lethe.Listen + "/openai/") };
        await AskAsync("""{"model":"gpt-5.5","input":"one"}""");
        await AskAsync("""{"model":"gpt-5.5","input":"two","previous_response_id":"resp_one"}""");
        await AskAsync("""{"model":"gpt-5.5","input":"three","previous_response_id":"resp_two","background":true}""");
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await client.GetStringAsync(new Uri("v1/responses/resp_three", UriKind.Relative));
        }

        await client.GetStringAsync(new Uri("v1/responses/resp_one", UriKind.Relative));
        await AskAsync("""{"model":"gpt-5.5","input":"four","previous_response_id":"resp_three"}""");
        await lethe.StopAsync();

        var records = await lethe.ExportAsync();
        var session = Assert.Single(records.Select(record => record.Text("session", "id")).Distinct());
        Assert.NotNull(session);
        Assert.Equal([("POST", "one"), ("POST", "two"), ("GET", "three"), ("POST", "four")], records
            .Where(record => record.At("turn", "seq") is { ValueKind: JsonValueKind.Number })
            .Select(record => (record.Text("method")!, record.Text("reply", "text")!)));
        Assert.All(records, record => Assert.Equal("completed", record.Text("outcome")));
        var (_, sessions, _) = await LetheProgram.RunAsync("sessions", "--json", "--data", lethe.DataDirectory);
        var counters = Assert.Single(JsonDocument.Parse(sessions).RootElement.EnumerateArray()).At("counters")!.Value;
        Assert.Equal((8, 4, 0, 40, 16), (counters.Number("exchanges"), counters.Number("turns"), counters.Number("attempts"), counters.Number("input"), counters.Number("output")));
        var (exitCode, faults, _) = await LetheProgram.RunAsync("verify", "--parity", "--data", lethe.DataDirectory);
        Assert.True(exitCode == 0, faults);

        async Task AskAsync(string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("v1/responses", UriKind.Relative), content);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>A vendor that keeps what it answered. What it answers in the background is ready when it is asked for the second time.</summary>
    private static WireMockServer Vendor(string[] inputs, string background)
    {
        const string Ready = "ready";
        var api = WireMockServer.Start("http://127.0.0.1:0");
        foreach (var input in inputs)
        {
            api.Given(Asked(input)).RespondWith(Json(Answer(input, "completed")));
            api.Given(Fetched(input)).RespondWith(Json(Answer(input, "completed")));
        }

        api.Given(Asked(background)).RespondWith(Json(Answer(background, "queued")));
        api.Given(Fetched(background)).InScenario(background).WillSetStateTo(Ready).RespondWith(Json(Answer(background, "in_progress")));
        api.Given(Fetched(background)).InScenario(background).WhenStateIs(Ready).RespondWith(Json(Answer(background, "completed")));
        return api;
    }

    private static IRequestBuilder Asked(string input) => Request.Create().UsingPost().WithPath("/v1/responses").WithBody(new JsonPartialMatcher(new { input }));

    private static IRequestBuilder Fetched(string name) => Request.Create().UsingGet().WithPath("/v1/responses/resp_" + name);

    private static IResponseBuilder Json(string body) => Response.Create().WithHeader("Content-Type", "application/json").WithBody(body);

    private static string Answer(string name, string status) => status == "completed"
        ? $$$"""{"id":"resp_{{{name}}}","object":"response","status":"completed","model":"gpt-5.5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"{{{name}}}"}]}],"usage":{"input_tokens":10,"output_tokens":4,"total_tokens":14}}"""
        : $$$"""{"id":"resp_{{{name}}}","object":"response","status":"{{{status}}}","model":"gpt-5.5","background":true,"output":[],"usage":null}""";
}
