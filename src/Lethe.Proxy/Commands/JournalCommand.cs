using System.CommandLine;
using System.Text;
using Lethe.Ingest.Journaling;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe journal</c>: its lines joined with what was said, and its head, to be kept elsewhere.</summary>
internal static class JournalCommand
{
    public static Command Build() => new("journal", "Look into the journal itself.") { Cat(), Anchor() };

    private static Command Cat()
    {
        var segment = new Option<long?>("--segment") { Description = "Only this segment.", HelpName = "N" };
        var since = TimeOption.Since();
        var command = new Command("cat", "Its lines, joined with what was said, as JSON lines.") { segment, since };
        command.SetAction((line, cancel) => Task.FromResult(Told(() =>
        {
            var from = TimeOption.Read(line.GetValue(since), TimeProvider.System);
            var cat = new JournalCat(Directory(line));
            foreach (var text in cat.Lines(line.GetValue(segment), from))
            {
                cancel.ThrowIfCancellationRequested();
                line.InvocationConfiguration.Output.WriteLine(text);
            }

            return cat.Faults == 0 ? ExitCode.Fine : ExitCode.NotFine;
        })));
        return command;
    }

    private static Command Anchor()
    {
        var file = new Option<string?>("-o", "--output") { Description = "Into a file (0600), whole or not at all.", HelpName = "FILE" };
        var command = new Command("anchor", "The head's hash and the count of lines, to be kept elsewhere and given to verify --anchor.") { file };
        command.SetAction(async (line, cancel) =>
        {
            var directory = Directory(line);
            var anchor = Told(() => JournalVerifier.Head(directory)) ?? throw CommandFailure.Environment($"There is no journal at {directory}.");
            var text = AnchorDocument.Of(anchor).ToJson() + "\n";
            if (line.GetValue(file) is not { } path)
            {
                line.InvocationConfiguration.Output.Write(text);
                return ExitCode.Fine;
            }

            await using var target = new PrivateFile(path);
            await target.Content.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
            target.Keep();
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Directory(ParseResult line) => DataLayout.Journal(GlobalOptions.Require(line).Options.DataDirectory);

    private static T Told<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }
}
