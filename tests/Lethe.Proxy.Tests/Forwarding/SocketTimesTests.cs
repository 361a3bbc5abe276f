using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Forwarding.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>What is said in a WebSocket is read some time after it passed; its times are those at which it passed.</summary>
public sealed class SocketTimesTests
{
    [Fact]
    public async Task A_call_has_the_times_at_which_its_messages_passed()
    {
        var time = new SteppedTime();
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = "/v1/responses", Headers = [] }, 1024, time);
        List<CapturedExchange> calls = [];
        var tap = SocketTap.Open(handshake, [], head => new ExchangeBuilder(head, 64 * 1024, time, one => calls.Add(one.Snapshot())), null, null, time, NullLogger.Instance)!;
        using var client = new SocketWriter(isClient: true, isBinary: false, deflates: false);
        using var server = new SocketWriter(isClient: false, isBinary: false, deflates: false);

        var asked = time.GetUtcNow();
        tap.FromClient(client.Write("""{"type":"response.create","model":"m","input":"hi"}"""u8.ToArray()));
        time.Pass(TimeSpan.FromMilliseconds(3));
        tap.FromServer(server.Write("""{"type":"response.created","response":{"id":"r","status":"in_progress"}}"""u8.ToArray()));
        time.Pass(TimeSpan.FromMilliseconds(7));
        tap.FromServer(server.Write("""{"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}"""u8.ToArray()));
        time.Pass(TimeSpan.FromMilliseconds(90));
        var unread = await tap.EndAsync(Ending.Completed, null, null);

        var call = Assert.Single(calls);
        Assert.Equal((null, asked, TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(10)), (unread, call.CapturedAt, call.TimeToFirstByte, call.Duration));
        Assert.Contains("response.completed", Encoding.UTF8.GetString(call.Response.Bytes.Span), StringComparison.Ordinal);
    }

    private sealed class SteppedTime : TimeProvider
    {
        private TimeSpan passed = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => passed.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + passed;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Silent();

        public void Pass(TimeSpan time) => passed += time;

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
