using System.CommandLine;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe show</c>: one session's conversation, turn by turn, with tokens, cost, attempts and tools.</summary>
internal static class ShowCommand
{
    public static Command Build()
    {
        var session = new Argument<string?>("SESSION") { Description = "A session id, the beginning of one, or the harness's own session id; the newest without it.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var turn = new Option<int?>("--turn") { Description = "Only this turn and its failed attempts.", HelpName = "N" };
        var utc = UtcOption.Create();
        var command = new Command("show", "Show a session's conversation.") { session, json, turn, utc };
        command.SetAction(line =>
        {
            using var reader = StoreFile.Open(GlobalOptions.Require(line));
            var detail = SessionWord.Find(reader, line.GetValue(session));
            var turns = Turns(reader, detail, line.GetValue(turn));
            var output = line.InvocationConfiguration.Output;
            if (line.GetValue(json))
            {
                output.WriteLine(ApiJson.Text(new SessionConversation(new SessionListing(reader, TimeProvider.System).Told(Organisation.None, detail), [.. turns])));
            }
            else
            {
                TerminalConsole.Paged(output, console => new ConversationView(console, line.Clock(utc)).Print(detail, turns));
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static IEnumerable<ConversationTurn> Turns(StoreReader reader, SessionDetail detail, int? number)
    {
        var turns = reader.Conversation(Organisation.None, detail.Session.SessionId, number);
        if (number is null)
        {
            return turns;
        }

        List<ConversationTurn> asked = [.. turns];
        return asked.Count > 0 ? asked : throw new CommandFailure(ExitCode.NotFine, $"lethe: session {detail.Session.SessionId} has no turn {number}.");
    }
}
