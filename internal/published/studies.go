package published

// Studies returns all studies, in the order of their results.
func Studies() []Study {
	return []Study{
		backoffStudy(),
		bucketStudy(),
		collapseStudy(),
		markovStudy(),
		queueingStudy(),
		policyStudy(),
		goodRetryStudy(),
		tierStudy(),
	}
}
