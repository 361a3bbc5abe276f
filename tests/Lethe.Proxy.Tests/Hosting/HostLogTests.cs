using System.Net.Sockets;
using System.Text.RegularExpressions;
using Lethe.Proxy.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Tests.Hosting;

public sealed partial class HostLogTests
{
    [Fact]
    public void An_event_is_one_line_with_time_level_and_category()
    {
        Assert.Matches(ShortLine(), Line("Ingest did not catch up.", null));
    }

    [Fact]
    public void Nothing_from_the_wire_ends_the_line_or_speaks_to_the_terminal_or_makes_it_long()
    {
        var line = Line("Host 'a\nb\r\u001b[31mred\u0007' " + new string('x', 20_000), Thrown(() => throw new InvalidOperationException(new string('y', 20_000) + "\n at Z")));

        Assert.Equal(OneLineFormatter.LineCharsMax + 1, line.Length);
        Assert.EndsWith("…\n", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line[..^1], char.IsControl);
    }

    [Fact]
    public void What_another_machine_can_cause_is_told_by_its_chain_and_without_a_trace()
    {
        var line = Line("Failed.", Thrown(() =>
        {
            try
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }
            catch (SocketException fault)
            {
                throw new InvalidOperationException("Outer.", new HttpRequestException("The answer broke off.", fault));
            }
        }));

        Assert.Contains("Failed. <- InvalidOperationException: Outer. <- HttpRequestException: The answer broke off. <- SocketException: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bug_is_told_with_the_frames_that_there_is_room_for()
    {
        var line = Line("Failed.", Thrown(() => throw new InvalidOperationException("A bug.")));

        Assert.Contains("Failed. <- InvalidOperationException: A bug.    at Lethe.Proxy.Tests.Hosting.HostLogTests", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(character => character == '\n'));
    }

    private static Exception Thrown(Action act) => Record.Exception(act)!;

    private static string Line(string message, Exception? exception)
    {
        using var into = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Warning, "Lethe.Proxy.Tests", new EventId(7), message, exception, (state, _) => state);
        new OneLineFormatter(TimeProvider.System).Write(entry, null, into);
        return into.ToString();
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn: Lethe\.Proxy\.Tests\[7\] Ingest did not catch up\.\n\z")]
    private static partial Regex ShortLine();
}
