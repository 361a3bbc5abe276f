using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Erases exchanges from a journal that is held: closes the live segment where they are told in it, so that nothing new points at what goes, decides, tells it in a line, then writes
/// zeros. From the decision on it is carried out in any case, at the next start if need be.
/// </summary>
internal static class JournalEraser
{
    /// <returns>How many of the exchanges lie on damaged lines: their words could not be found.</returns>
    public static async Task<int> RunAsync(Journal journal, IReadOnlyCollection<JournalPosition> exchanges, string reason)
    {
        await journal.Erasing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (ErasurePlan.Read(journal.Directory) is { } unfinished)
            {
                await FinishAsync(journal, unfinished).ConfigureAwait(false);
            }

            // New calls point only at what lies in the segment that they are told in.
            if (exchanges.Any(place => place.Segment >= journal.DurableEnd.Segment))
            {
                Require(await journal.SealAsync().ConfigureAwait(false));
            }

            Require(await journal.PostAsync(static _ => { }).ConfigureAwait(false));
            await journal.Keeper.Files.WaitAsync().ConfigureAwait(false);
            try
            {
                var (plan, unread) = await Task.Run(() => Decide(journal, exchanges, reason)).ConfigureAwait(false);
                if (plan is not null)
                {
                    await TellAsync(journal, plan).ConfigureAwait(false);
                    await Task.Run(() => CarryOut(journal, plan)).ConfigureAwait(false);
                }

                return unread;
            }
            finally
            {
                journal.Keeper.Files.Release();
            }
        }
        finally
        {
            journal.Erasing.Release();
        }
    }

    /// <summary>Finishes what an earlier process had decided; completes at once when there is nothing.</summary>
    public static async Task ResumeAsync(Journal journal)
    {
        await journal.Erasing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (ErasurePlan.Read(journal.Directory) is { } plan)
            {
                await FinishAsync(journal, plan).ConfigureAwait(false);
            }
        }
        finally
        {
            journal.Erasing.Release();
        }
    }

    private static async Task FinishAsync(Journal journal, ErasurePlan plan)
    {
        await journal.Keeper.Files.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!IsTold(journal.Directory, plan))
            {
                await TellAsync(journal, plan).ConfigureAwait(false);
            }

            await Task.Run(() => CarryOut(journal, plan)).ConfigureAwait(false);
        }
        finally
        {
            journal.Keeper.Files.Release();
        }
    }

    private static (ErasurePlan? Plan, int Unread) Decide(Journal journal, IReadOnlyCollection<JournalPosition> exchanges, string reason)
    {
        var scope = new ErasureScope(journal.Directory, journal.Id);
        var ranges = scope.Find(exchanges);
        if (scope.Targets.Count == 0)
        {
            return (null, scope.Unread);
        }

        using var pieces = new PieceReader(journal.Directory);
        var told = ranges.ConvertAll(range => new ErasedRange(range.Segment, range.Offset, ErasurePlan.CommitOf(range, pieces)));
        var erasure = new Erasure(new Guid(RandomNumberGenerator.GetBytes(16)), reason, [.. scope.Targets], told);
        var plan = new ErasurePlan(erasure, journal.DurableEnd, ranges);
        plan.Write(journal.Directory, journal.Disk);
        return (plan, scope.Unread);
    }

    private static async Task TellAsync(Journal journal, ErasurePlan plan) =>
        Require(await journal.PostAsync(pen => pen.Erased(plan.Erasure)).ConfigureAwait(false));

    private static bool IsTold(string directory, ErasurePlan plan)
    {
        using var cursor = new JournalCursor(directory, plan.From);
        for (var step = cursor.Step(); step != CursorStep.End; step = cursor.Step())
        {
            if (step == CursorStep.Fault)
            {
                cursor.SkipFault();
            }
            else if (cursor.Kind == LineKind.Erased && Erasure.Read(cursor.Data).Id == plan.Erasure.Id)
            {
                return true;
            }
        }

        return false;
    }

    private static void CarryOut(Journal journal, ErasurePlan plan)
    {
        foreach (var segment in plan.Ranges.Select(range => range.Segment).Distinct())
        {
            plan.CarryOut(journal.Directory, segment, journal.Disk);
        }

        journal.Disk.Delete(JournalDirectory.ErasurePath(journal.Directory));
        journal.Disk.SyncDirectory(journal.Directory);
    }

    private static void Require(bool written)
    {
        if (!written)
        {
            throw new IOException("The journal cannot be written now, so nothing can be erased.");
        }
    }
}
