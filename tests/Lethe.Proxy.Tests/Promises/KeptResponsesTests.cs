using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Promises;

/// <summary>A client of the Responses API that leaves the history with the vendor: one session, whatever its requests repeat, and each answer counted once.</summary>
public sealed class KeptResponsesTests
{
    [Fact]
    public async Task A_conversation_that_goes_on_by_ids_and_in_the_background_is_one_session_with_every_token_counted_once()
    {
        var asked = 0;
        // What is answered in the background is ready when it is asked for the second time.
        await using var api = await FakeModelApi.StartAsync(context => AnswerAsync(context, "three", () => Interlocked.Increment(ref asked) > 1));
        await using var lethe = await LetheProcess.StartAsync(null, LetheProcess.Upstream(api.Address));
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

    private static Task AnswerAsync(HttpContext context, string background, Func<bool> isReady)
    {
        if (context.Request.Method == "GET")
        {
            var name = context.Request.Path.Value!.Split('_')[^1];
            return FakeModelApi.Json(Response(name, name == background && !isReady() ? "in_progress" : "completed"))(context);
        }

        using var request = JsonDocument.Parse(context.Request.Body);
        var input = request.RootElement.GetProperty("input").GetString()!;
        return FakeModelApi.Json(Response(input, input == background ? "queued" : "completed"))(context);
    }

    private static string Response(string name, string status) => status == "completed"
        ? $$$"""{"id":"resp_{{{name}}}","object":"response","status":"completed","model":"gpt-5.5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"{{{name}}}"}]}],"usage":{"input_tokens":10,"output_tokens":4,"total_tokens":14}}"""
        : $$$"""{"id":"resp_{{{name}}}","object":"response","status":"{{{status}}}","model":"gpt-5.5","background":true,"output":[],"usage":null}""";
}
