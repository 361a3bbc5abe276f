using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>Clients that send a whole request and a FIN in the same moment (RFC 9293 §3.6), and clients that are gone.</summary>
public sealed class HalfClosedClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> WholeRequests => new()
    {
        "GET /v1/models HTTP/1.1\r\nHost: lethe\r\n\r\n",
        "GET /v1/models HTTP/1.0\r\n\r\n",
        "HEAD /anthropic/api/hello HTTP/1.1\r\nHost: lethe\r\n\r\n",
        "OPTIONS /anthropic/v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n",
        "DELETE /v1/files/f HTTP/1.1\r\nHost: lethe\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 3000000\r\n\r\n" + new string('a', 3_000_000),
    };

    [Theory]
    [MemberData(nameof(WholeRequests))]
    public async Task A_whole_request_with_a_FIN_behind_it_is_served_and_recorded(string request)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{\"ok\":1}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        for (var i = 0; i < 10; i++)
        {
            using var client = await PassingThroughTests.Raw(door);
            await client.SendAsync(request);
            client.FinishSending();

            // Where the answer takes its time, the client is asked first whether it is there.
            Assert.Matches("^(HTTP/1.1 100 Continue\r\n\r\n)*HTTP/1.1 200", await client.ReadToEndAsync());
            var exchange = await door.CapturedAsync();
            Assert.Equal((Ending.Completed, 200), (exchange.Ending, exchange.Status));
        }
    }

    [Fact]
    public async Task An_answer_that_takes_its_time_reaches_a_client_that_only_listens()
    {
        var gate = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            await gate.Task.WaitAsync(Patience);
            await FakeModelApi.Events("data: 1\n\n", "data: 2\n\n")(context);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}");
        client.FinishSending();

        // Asked whether it is there before the answer has begun.
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadUntilAsync("\r\n\r\n"));
        gate.SetResult();

        Assert.Equal("data: 1\n\ndata: 2\n\n", Encoding.ASCII.GetString((await client.ReadMessageAsync()).Body));
        Assert.Equal(Ending.Completed, (await door.CapturedAsync()).Ending);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_is_gone_before_the_answer_cancels_the_upstream(bool byReset)
    {
        var arrived = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            arrived.TrySetResult();
            await cancelled.Task.WaitAsync(Patience);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}");
        await arrived.Task.WaitAsync(Patience);

        if (byReset)
        {
            client.Reset();
        }
        else
        {
            client.Dispose();
        }

        await cancelled.Task.WaitAsync(Patience);
        Assert.Equal((Ending.ClientAborted, null), await EndOf(door));
    }

    [Fact]
    public async Task A_client_that_closes_in_the_middle_of_a_silent_stream_cancels_the_upstream()
    {
        var cancelled = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await cancelled.Task.WaitAsync(Patience);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}");
        await client.ReadUntilAsync("data: 1\n\n");

        client.Dispose();

        await cancelled.Task.WaitAsync(Patience);
        Assert.Equal((Ending.ClientAborted, 200), await EndOf(door));
    }

    [Fact]
    public async Task Half_a_request_with_a_FIN_behind_it_is_an_attempt_of_the_client()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 100\r\n\r\n{\"half\":");
        client.FinishSending();

        Assert.DoesNotContain("200", await client.ReadToEndAsync(), StringComparison.Ordinal);

        Assert.Equal((Ending.ClientAborted, null), await EndOf(door));
    }

    private static async Task<(Ending, int?)> EndOf(ForwardingDoor door)
    {
        var exchange = await door.CapturedAsync();
        return (exchange.Ending, exchange.Status);
    }
}
